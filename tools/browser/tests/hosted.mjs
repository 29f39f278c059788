// What every hosted page must have, and the looks that it must have it in.
import assert from 'node:assert/strict';

/** Options of a page: on a desk, and on a phone where scripts are off. */
export const looks = {
  light: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, javaScriptEnabled: false },
};

/** What a page must have, whatever it shows. */
export async function sound(page, answer, name) {
  const policy = answer.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'/, name);
  assert.doesNotMatch(policy, /unsafe/, name);
  assert.equal(await page.locator('h1').count(), 1, name);
  for (const input of await page.locator('input:not([type="hidden"])').all()) {
    const id = await input.getAttribute('id');
    assert.equal(await page.locator(`label[for="${id}"]`).count(), 1, `${name}: no label for ${id}`);
  }
  const wide = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
  const outside = await page.locator('main').evaluate((main) => {
    const { left, right } = main.getBoundingClientRect();
    const sticksOut = (e) => ((r) => r.left < left || r.right > right)(e.getBoundingClientRect());
    return Array.from(main.querySelectorAll(':not([type="hidden"])')).filter(sticksOut).map((e) => e.outerHTML.slice(0, 80));
  });
  assert.deepEqual(outside, [], name);
}

/** Walks through a page with the Tab key: each stop is in sight and has a ring around it. */
export async function walk(page, name) {
  const stops = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const { top, bottom, width, height } = e.getBoundingClientRect();
      return {
        is: e === document.body ? 'nothing' : (e.id || e.textContent || e.getAttribute('href')),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: width > 0 && height > 0 && bottom > 0 && top < innerHeight,
      };
    });
    if (stop.is === 'nothing' || stop.is === stops[0]) break;
    assert.ok(stop.ring && stop.seen, `${name}: ${JSON.stringify(stop)}`);
    stops.push(stop.is);
  }
  return stops;
}
