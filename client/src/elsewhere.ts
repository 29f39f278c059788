import { base, page, type Options } from './options.js';
import type { Failure } from './provider.js';

/** What a login at another site comes back with, where scripts keep the tokens. */
const codeParam = 'authd_code';

/** The tab's own storage: what is in it outlives leaving for another site and coming back, and no other tab sees it. */
function tab<T>(use: (s: globalThis.Storage) => T): T | undefined {
  try {
    const s = (globalThis as { sessionStorage?: globalThis.Storage }).sessionStorage;
    return s && use(s);
  } catch {
    return undefined; // browsers may refuse it
  }
}

const keyOf = (o: Options): string => `authd-verifier:${base(o) || (page()?.origin ?? '')}`;

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/**
 * Ties a login to this tab, as PKCE does (RFC 7636): the code that it comes back
 * with is worth nothing to whoever lacks what is kept here. It returns the
 * codeChallenge, or undefined where the browser cannot, which is outside of
 * https and localhost.
 */
export async function bind(o: Options): Promise<string | undefined> {
  const c = (globalThis as { crypto?: Crypto }).crypto;
  if (!c?.subtle) return undefined;
  const verifier = base64url(c.getRandomValues(new Uint8Array(32)));
  const sum = await c.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  tab((s) => s.setItem(keyOf(o), verifier));
  return base64url(new Uint8Array(sum));
}

/** Takes the code out of the page's address, with what this tab kept for it. */
export function arrived(o: Options): { code: string; codeVerifier: string } | undefined {
  const at = page();
  const code = new URLSearchParams(at?.search ?? '').get(codeParam);
  if (!at || code === null) return undefined;
  const clean = new URL(at.href);
  clean.searchParams.delete(codeParam);
  const h = (globalThis as { history?: History }).history;
  try {
    h?.replaceState(h.state, '', clean.pathname + clean.search + clean.hash);
  } catch {
    // Some browsers allow it only so often. The code is used up in a moment.
  }
  const codeVerifier = tab((s) => s.getItem(keyOf(o)));
  tab((s) => s.removeItem(keyOf(o)));
  return code && codeVerifier ? { code, codeVerifier } : undefined;
}

const texts: Record<string, string> = {
  forbidden: 'Signing in was cancelled, or is not allowed.',
  unavailable: 'The other site cannot answer at the moment. Please try again in a few minutes.',
  throttled: 'There were too many attempts. Please wait a moment and try again.',
};

/**
 * Why a login at another site failed, on the login page that the browser came
 * back to; undefined if none did. Only the code in the address is used: its
 * text would be anybody's text.
 */
export function loginFailure(): Failure | undefined {
  const code = new URLSearchParams(page()?.search ?? '').get('error');
  if (code === null || !/^[a-z_]{1,40}$/.test(code)) return undefined;
  return { name: 'Login failed', message: texts[code] ?? 'Signing in did not work. Please try again.', code };
}
