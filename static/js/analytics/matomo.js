/* Starts Matomo, once consent.js has put this into the page. */
{
  const { url, site } = document.currentScript.dataset;
  window._paq ??= [];
  window._paq.push(
    ["setTrackerUrl", `${url}matomo.php`],
    ["setSiteId", site],
    ["trackPageView"],
    ["enableLinkTracking"],
  );
  const script = document.createElement("script");
  script.src = `${url}matomo.js`;
  document.head.append(script);
}
