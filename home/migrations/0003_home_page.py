"""Start from our own home page instead of Wagtail's welcome page, groups and workflow.

Wagtail brings the groups "Editors" and "Moderators" and a workflow between them; the site has its own roles
(site/config/groups.py).
"""

from django.db import migrations


def create_home_page(apps, schema_editor):
    """Create the home page where the tree holds nothing but the welcome page."""
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("home", "HomePage")
    ContentType = apps.get_model("contenttypes", "ContentType")
    Locale = apps.get_model("wagtailcore", "Locale")
    welcome = Page.objects.filter(depth=2)
    if welcome.exclude(slug="home").exists() or HomePage.objects.exists():
        return
    Site.objects.all().delete()
    welcome.delete()
    content_type, _ = ContentType.objects.get_or_create(model="homepage", app_label="home")
    page = HomePage.objects.create(
        title="Home",
        draft_title="Home",
        slug="home",
        path="00010001",
        depth=2,
        numchild=0,
        url_path="/home/",
        content_type=content_type,
        locale=Locale.objects.first(),
    )
    Page.objects.filter(depth=1).update(numchild=1)
    Site.objects.create(hostname="localhost", port=80, root_page=page, is_default_site=True)


def remove_stock_roles(apps, schema_editor):
    """Remove the groups and the workflow that nobody has used yet."""
    Group = apps.get_model("auth", "Group")
    Workflow = apps.get_model("wagtailcore", "Workflow")
    Task = apps.get_model("wagtailcore", "Task")
    if apps.get_model("home", "User").objects.exists():
        return
    for model in ("WorkflowPage", "WorkflowTask"):
        apps.get_model("wagtailcore", model).objects.all().delete()
    apps.get_model("wagtailcore", "GroupApprovalTask").objects.all().delete()
    Task.objects.all().delete()
    Workflow.objects.all().delete()
    Group.objects.filter(name__in=["Editors", "Moderators"]).delete()


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [
        ("home", "0002_pages_media_settings"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
        ("wagtaildocs", "0014_alter_document_file_size"),
        ("wagtailimages", "0027_image_description"),
        ("wagtailadmin", "0005_editingsession_is_editing"),
    ]

    operations = [
        migrations.RunPython(create_home_page, migrations.RunPython.noop),
        migrations.RunPython(remove_stock_roles, migrations.RunPython.noop),
    ]
