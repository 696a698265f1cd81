/* Starts a Google tag, once consent.js has put this into the page. What was not asked about is denied to it. */
{
  const { id } = document.currentScript.dataset;
  const [ads, analytics] = id.startsWith("AW-") ? ["granted", "denied"] : ["denied", "granted"];
  window.dataLayer ??= [];
  function gtag() {
    window.dataLayer.push(arguments); // the tag reads this object, not an array
  }
  gtag("consent", "default", {
    analytics_storage: analytics,
    ad_storage: ads,
    ad_user_data: ads,
    ad_personalization: "denied",
  });
  gtag("js", new Date());
  gtag("config", id);
  const script = document.createElement("script");
  script.src = `https://www.googletagmanager.com/gtag/js?id=${id}`;
  document.head.append(script);
}
