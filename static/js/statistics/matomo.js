/* Starts Matomo, once consent.js has put this into the page. */
{
  const { address, site } = document.currentScript.dataset;
  window._paq ??= [];
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
