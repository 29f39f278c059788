// The hosted page of somebody who may not sign in before the password is
// changed, in front of a real directory that asks for it. Everything is done
// from the keyboard, where the page has put it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort, launch, screenshot, startDaemon, startPeer, submit, withPage } from '../lib/index.mjs';
import { looks, sound, walk } from './hosted.mjs';

const yaml = ({ facts }) => `
strategies:
  staff:
    type: ldap
    urls: ["${facts.LDAPS_URL}"]
    tls: {caFile: "${facts.LDAP_CA_FILE}"}
    bindDN: "${facts.LDAP_BIND_DN}"
    bindPassword: ${facts.LDAP_BIND_PASSWORD}
    users: {baseDN: "${facts.LDAP_PEOPLE_DN}"}
    passwords: {change: true}
methods:
  login:          {use: staff}
  updatePassword: {use: session}
pages: {title: Example}
`;

// The directory is seeded with one such account.
const due = { name: 'mustchange', old: 'mustchange-pw', wrong: 'not-the-old-pw', short: 'tiny-pw', fresh: 'another horse battery' };
const passwords = [due.old, due.wrong, due.short, due.fresh];
const to = '/some/where?tag=a&page=2';

/** Types where the focus is, field after field, and sends the form. */
async function type(page, ...values) {
  await page.locator(':focus').waitFor(); // which the browser sets some time after the page has loaded
  for (const [i, value] of values.entries()) {
    if (i > 0) await page.keyboard.press('Tab');
    await page.keyboard.type(value);
  }
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

/** The field that has the focus, and what describes it to those who cannot see. */
async function focused(page) {
  const field = page.locator(':focus');
  const describedBy = await field.getAttribute('aria-describedby');
  return { id: await field.getAttribute('id'), told: describedBy && (await page.locator(`#${describedBy}`).innerText()) };
}

for (const [look, options] of Object.entries(looks)) {
  describe(`the hosted page of a due password, ${look}`, () => {
    let directory, daemon, browser, url;
    before(async () => {
      directory = await startPeer('slapd', { SLAPD_PORT: String(await freePort()), SLAPD_TLS_PORT: String(await freePort()), SLAPD_BULK: '1' });
      daemon = await startDaemon(yaml(directory));
      url = `http://localhost:${daemon.port}`;
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await daemon?.close();
      await directory?.close();
    });

    it('leads through the change to where the login was going', (t) =>
      withPage(
        browser,
        t,
        async (page) => {
          const addresses = [];
          let last;
          page.on('request', (request) => addresses.push(decodeURIComponent(request.url())));
          page.on('response', (answer) => {
            if (answer.request().isNavigationRequest()) last = answer;
          });
          /** Checks the page that came, in which no password may be. */
          const came = async (name, status) => {
            assert.equal(last.status(), status, name);
            await sound(page, last, name);
            await screenshot(page, `hosted/due-${name}-${look}`);
            const html = await last.text();
            for (const password of passwords) assert.ok(!html.includes(password), `${name} has the password ${password}`);
            for (const input of await page.locator('input[type="password"]').all()) assert.equal(await input.inputValue(), '', name);
          };
          /** Checks that it is the form of the change, filled in as far as it may be. */
          const asksForChange = async (name, status) => {
            await came(name, status);
            assert.equal(await page.locator('h1').innerText(), 'Set a new password');
            assert.equal(await page.inputValue('#identifier'), due.name);
            await page.getByText('The password of this account must be changed before you can sign in.').waitFor();
            assert.equal(await page.getByRole('link', { name: 'Back to sign in' }).getAttribute('href'), `/login?to=${encodeURIComponent(to)}`);
          };

          await page.goto(`${url}/login?to=${encodeURIComponent(to)}`);
          await type(page, due.name, due.old);
          await asksForChange('asked', 403);
          assert.equal(await page.getByRole('alert').count(), 0, 'it is no mistake');
          assert.deepEqual(await focused(page), { id: 'oldPassword', told: null });
          assert.deepEqual((await walk(page, 'the change')).slice(0, 3), ['password', 'confirmPassword', 'Set password']);

          await page.locator('#oldPassword').focus();
          await type(page, due.wrong, due.fresh, due.fresh);
          await asksForChange('wrong', 400);
          const alert = await page.getByRole('alert').innerText();
          assert.match(alert, /does not match/);
          assert.deepEqual(await focused(page), { id: 'oldPassword', told: alert });

          await type(page, due.old, due.short, due.short);
          await asksForChange('refused', 400);
          assert.deepEqual(await focused(page), { id: 'password', told: "New password is too short for the directory's rules" });

          await page.locator('#oldPassword').focus();
          await type(page, due.old, due.fresh, due.fresh);
          await came('changed', 200);
          assert.deepEqual(await page.context().cookies(), [], 'the change signs nobody in');
          await page.getByRole('link', { name: 'Go to sign in' }).click();
          await page.waitForURL(`${url}/login?to=*`);
          assert.equal(new URL(page.url()).searchParams.get('to'), to);
          await came('login', 200);

          await submit(page, { identifier: due.name, password: due.fresh });
          await page.waitForURL(url + to);
          await page.goto(`${url}/`);
          await page.getByText('Must Change').first().waitFor();
          for (const password of passwords) {
            assert.ok(!addresses.some((address) => address.includes(password)), `an address has the password ${password}`);
            assert.ok(!daemon.log().includes(password), `the log has the password ${password}`);
          }
        },
        options,
      ),
    );
  });
}
