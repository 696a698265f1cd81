/* Starts a Google tag with the id of its own attribute. Put into a page only once the visitor's agreement is on record
   (static/js/components/consent.js). What the visitor was not asked about, the tag is told to leave: an Analytics id
   gets nothing for advertising, an Ads id nothing for personal advertisements. */
{
  const { id } = document.currentScript.dataset;
  const ads = id.startsWith("AW-") ? "granted" : "denied";
  window.dataLayer = window.dataLayer ?? [];
  window.gtag = function () {
    window.dataLayer.push(arguments); // the tag reads this object, not an array
  };
  window.gtag("consent", "default", {
    analytics_storage: ads === "granted" ? "denied" : "granted",
    ad_storage: ads,
    ad_user_data: ads,
    ad_personalization: "denied",
  });
  window.gtag("js", new Date());
  window.gtag("config", id);
  const script = document.createElement("script");
  script.src = `https://www.googletagmanager.com/gtag/js?id=${id}`;
  document.head.append(script);
}
