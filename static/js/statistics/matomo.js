/* Starts Matomo with the address and site id of its own attributes. Put into a page only once the visitor's agreement
   is on record (static/js/components/consent.js). */
{
  const { address, site } = document.currentScript.dataset;
  window._paq = window._paq ?? [];
  window._paq.push(
    ["setTrackerUrl", `${address}matomo.php`],
    ["setSiteId", site],
    ["trackPageView"],
    ["enableLinkTracking"],
  );
  const script = document.createElement("script");
  script.src = `${address}matomo.js`;
  document.head.append(script);
}
