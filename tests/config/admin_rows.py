"""A row of everything that a URL of the admin is about."""

from datetime import timedelta
from io import BytesIO

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone
from PIL import Image
from taggit.models import Tag
from wagtail.admin.models import EditingSession
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.registry import registry as settings_registry
from wagtail.models import Collection, Page, Site, Task, UploadedFile, Workflow

from forms.models import Attachment, SavedReply
from home import mail_queue, page_bin
from home.models import ContentPage, SiteDocument, SiteImage, User
from policies.models import PersonalDataAccess, Policy, Recipient
from store.models import Carrier, DeliveryZone, Order, Parcel, StockItem, StripeEvent, VatClass, VatRate
from store.offers import offering
from store.orders import parcels
from tests import factories
from tests.forms.building import form_page
from tests.policies.lived_site import choose, write
from tests.policies.verifying import seal
from tests.store.paying import pay_in_cash


def make() -> dict[str, Model]:
    """Make the rows; return them by the names of their models, or by what they are."""
    user = User.objects.create_user("colleague@example.com", "a-long-password")
    rows: list[Model] = [user, *_of_site(user), *_of_policies(), *_of_forms(), *_of_shop(user)]
    site = Site.objects.get()
    for settings in settings_registry:
        settings.for_site(site)  # which writes them
    found = {str(row._meta.model_name): row for row in rows}
    seal()
    return {**found, **_pages(user), "site": site, "group": Group.objects.get(name="Packers")}


def _of_site(user: User) -> list[Model]:
    data = BytesIO()
    Image.new("RGB", (64, 48)).save(data, "PNG")
    picture = SiteImage.objects.create(title="Mug", file=ContentFile(data.getvalue(), "mug.png"))
    document = SiteDocument.objects.create(title="Sizes", file=ContentFile(b"Small", "sizes.txt"))
    for media in (picture, document):
        media.get_file_size()  # which writes it
    kind = ContentType.objects.get_for_model(ContentPage)
    home = factories.home_page()
    return [
        picture,
        document,
        home,
        Collection.get_first_root_node().add_child(name="Pictures"),
        Redirect.objects.create(old_path="/old", redirect_page=home),
        Tag.objects.create(name="blue"),
        UploadedFile.objects.create(file=ContentFile(b"Small", "small.txt"), uploaded_by_user=user),
        EditingSession.objects.create(
            user=user, content_type=kind, object_id="1", last_seen_at=timezone.now(), is_editing=True
        ),
        mail_queue.queue(to=["shopper@example.com"], subject="Sent", text="It is on its way."),
    ]


def _pages(user: User) -> dict[str, Model]:
    """Make a page of each kind, one that waits for its review, and one of an app that is gone."""
    home = factories.home_page()
    page = home.add_child(instance=ContentPage(title="About us", slug="about-us", live=False))
    page.save_revision(user=user).publish()
    reviewed = factories.policy_page("Shipping")
    reviewed.save_revision(user=user)
    workflow = reviewed.get_workflow()
    state = workflow.start(reviewed, user)
    binned = home.add_child(instance=ContentPage(title="Gone", slug="gone", live=False))
    page_bin.put(binned, user=user)
    unknown = ContentType.objects.create(app_label="gone", model="thing")
    gone = home.add_child(instance=Page(title="Thing", slug="thing", live=False, content_type=unknown))
    return {
        "contentpage": page,
        "reviewed": reviewed,
        "gone": gone,
        "revision": page.latest_revision,
        "workflow": Workflow.objects.get(pk=workflow.pk),
        "task": Task.objects.get(pk=workflow.tasks.first().pk),
        "workflowstate": state,
        "taskstate": state.current_task_state,
    }


def _of_policies() -> list[Model]:
    page = factories.policy_page()
    version = factories.publish(page)
    group = factories.declare_cookies()
    factories.cookie_policy()
    access = PersonalDataAccess(by="Somebody", action="read", kind="mail.queue", count=1)
    access.save()
    return [
        page,
        version,
        Policy.objects.get(pages=page.pk),
        group,
        group.cookie_set.get(),
        choose(),
        access,
        Recipient.objects.create(name="Carrier", data="Addresses", purpose="To deliver"),
    ]


def _of_forms() -> list[Model]:
    page = form_page()
    message = write(page)
    file = Attachment.objects.create(
        submission=message,
        field="file",
        name="mug.txt",
        content_type="text/plain",
        size=5,
        file=ContentFile(b"Small", "mug.txt"),
    )
    return [page, message, file, SavedReply.objects.create(title="Thanks", text="Thank you.")]


def _of_shop(user: User) -> list[Model]:
    factories.vat(GB=20)
    carrier = Carrier.objects.create(name="Post", columns="Name=name")
    variant = factories.product()
    option = factories.shipping()
    order = pay_in_cash(factories.placed_order())
    Order.objects.filter(pk=order.pk).update(status=Order.Status.PACKED)
    parcels.send(order_id=order.pk, carrier=carrier, number="1", user=user)
    offer = offering.make(goods=[{"sku": "MUG", "quantity": 1}], days=7, by=user, email="shopper@example.com")
    event = StripeEvent.objects.create(
        event_id="evt_1",
        type="charge.refunded",
        livemode=False,
        created_at=timezone.now(),
        received_at=timezone.now() - timedelta(minutes=1),
    )
    return [
        carrier,
        variant.page,
        option,
        option.country,
        DeliveryZone.objects.create(name="Europe"),
        VatRate.objects.get(),
        VatClass.objects.create(name="Books"),
        order,
        order.documents.get(),
        Parcel.objects.get(),
        offer,
        event,
        StockItem.objects.get(),
    ]
