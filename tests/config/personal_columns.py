"""Of every column that can hold words: whether what it holds is somebody's, which a staging copy must not have."""


def _columns(by_model: dict[str, str]) -> dict[str, set[str]]:
    return {label: set(names.split()) for label, names in by_model.items()}


PERSONAL = _columns(
    {
        "axes.AccessAttempt": "user_agent ip_address username http_accept path_info get_data post_data",
        "axes.AccessFailureLog": "user_agent ip_address username http_accept path_info",
        "axes.AccessLog": "user_agent ip_address username http_accept path_info session_hash",
        "forms.FormPage": "to_address from_address",
        "forms.Attachment": "name file",
        "forms.Submission": "form_data email name subject_name",
        "forms.ThreadEntry": "text by",
        "home.User": "email first_name last_name password",
        "policies.PersonalDataAccess": "by",
        "post_office.Attachment": "file name headers",
        "post_office.Email": "from_email to cc bcc subject message html_message message_id headers context",
        "post_office.Log": "message exception_type",
        "sessions.Session": "session_data session_key",
        "store.Basket": "token",
        "store.BasketLine": "sku text",
        "store.FindLink": "email digest",
        "store.Offer": "email note gift_message by withdrawn_by digest",
        "store.Order": (
            "email customer_name phone shipping_address billing_address session_params session_url "
            "pay_url gift_message shopper_note client_fingerprint token return_token"
        ),
        "store.OrderLine": "text",
        "store.Document": "personal pdf",
        "store.OrderEvent": "by note",
        "store.Parcel": "number url by",
        "store.Refund": "by reason",
        "store.StockMovement": "note",
        "store.StripeEvent": "note",
        "wagtailadmin.FormState": "data object_id parent_object_id",
        "wagtailcore.CollectionViewRestriction": "password",
        "wagtailcore.Comment": "text contentpath position",
        "wagtailcore.CommentReply": "text",
        "wagtailcore.ModelLogEntry": "label action data object_id",
        "wagtailcore.PageLogEntry": "data",
        "wagtailcore.PageViewRestriction": "password",
        "wagtailcore.Revision": "content",
        "wagtailcore.TaskState": "comment",
        "wagtailcore.UploadedFile": "file",
        "wagtailusers.UserProfile": "avatar",
    }
)
# Texts of the site, which are public or name nobody; what is public of the trader, and what records have published.
NOT_PERSONAL = {
    f"{app}.{name}"
    for app, names in {
        "auth": "Group Permission",
        "contenttypes": "ContentType",
        "cookie_consent": "Cookie CookieGroup LogItem",
        "forms": "FormField SavedReply",
        "home": "BrandSettings ContentPage HomePage ServiceSettings SiteDocument SiteImage SiteRendition",
        "policies": (
            "ConsentDay ConsentRecord CookieDetails CookiePolicyPage LedgerCheck LedgerEntry "
            "LedgerHead LedgerStatement LedgerWitness Policy PolicyPage PolicyVersion Recipient "
            "StatedValue VersionWithdrawal"
        ),
        "post_office": "EmailTemplate",
        "store": (
            "Carrier ClosedPeriod DeliveryCountry DeliveryZone Dispute MailWording PaymentAlarm "
            "CategoryPage ProductImage ProductOption ProductPage ProductVariant ShippingOption "
            "ShopPage ShopSettings StockItem VatClass VatRate"
        ),
        "taggit": "Tag",
        "wagtailadmin": "EditingSession",
        "wagtailcore": "Collection Locale Page ReferenceIndex Site Task Workflow WorkflowState",
        "wagtaildocs": "Document",
        "wagtailembeds": "Embed",
        "wagtailforms": "FormSubmission",
        "wagtailimages": "Image Rendition",
        "wagtailredirects": "Redirect",
        "wagtailsearch": "IndexEntry SQLiteFTSIndexEntry",
    }.items()
    for name in names.split()
}
# Of models that hold something personal: columns that do not.
REST = _columns(
    {
        "forms.FormPage": "subject intro thanks_text",
        "forms.Attachment": "field content_type",
        "forms.Submission": "ledger_salt subject_kind subject_key",
        "policies.PersonalDataAccess": "kind",
        "post_office.Attachment": "mimetype",
        "post_office.Email": "backend_alias",
        "store.Order": (
            "ledger_salt number currency paid_currency country shipping_name delivery_time collect_at "
            "vat_country vat_note vat_sums session_id payment_intent_id"
        ),
        "store.OrderLine": "sku title variant text_label",
        "store.Document": "number currency data",
        "store.Parcel": "carrier_name",
        "store.Refund": "token refund_id failure",
        "store.StockMovement": "sku",
        "store.StripeEvent": "event_id type object_kind object_id payment_intent_id",
        "wagtailcore.PageLogEntry": "label action",
        "wagtailcore.Revision": "object_id object_str",
        "wagtailusers.UserProfile": "preferred_language current_time_zone dismissibles",
    }
)
