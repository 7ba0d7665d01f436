/* The texts of the page whose contrast with what is behind them is below WCAG 2.2's AA: 4.5, of large ones 3. */
() => {
  const channels = (colour) => {
    const numbers = colour.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    const [red, green, blue, alpha = 1] = colour.startsWith("color(")
      ? numbers.map((one, at) => (at < 3 ? one * 255 : one))
      : numbers;
    return [red, green, blue, alpha];
  };
  const over = ([red, green, blue, alpha], below) =>
    [red, green, blue].map((one, at) => one * alpha + below[at] * (1 - alpha));
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((one) =>
      one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.unshift(channels(getComputedStyle(at).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || node.closest("script, noscript, title, .unseen, :disabled") || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const below = behind(node);
    const shown = over(channels(node instanceof SVGElement ? style.fill : style.color), below);
    const [dark, light] = [luminance(shown), luminance(below)].sort((one, other) => one - other);
    const contrast = (light + 0.05) / (dark + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (contrast < (large ? 3 : 4.5)) found.push(`${contrast.toFixed(2)} ${node.tagName} ${text.slice(0, 40)}`);
  }
  return found;
};
