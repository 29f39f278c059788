import { arrived, bind } from './elsewhere.js';
import { exclusively } from './lock.js';
import { base, page, type Options } from './options.js';
import { sturdy, tabStorage, type SturdyStorage } from './storage.js';
import { ask, outage, text, type Answer, type Call } from './wire.js';

/**
 * What is remembered of a session, under one key, so that tabs never see half
 * of it. With the cookie transport it holds no token: it only says that there
 * is a session.
 */
interface Memory {
  /** When it was written, in milliseconds since 1970. */
  at: number;
  /** When the access token ends, by this clock. */
  ends?: number;
  access?: string;
  refresh?: string;
  /** The session was ended here, and authd does not know it yet. */
  ended?: true;
  /** authd said then that the session is over. It counts for requests of that moment only: another may begin elsewhere. */
  over?: true;
}

/** What is known of the session: nothing is known on a page that did not sign in itself. */
export type Known = 'in' | 'out' | 'unknown';

/** alive: there are new tokens. dead: the session is over. unsure: nobody could tell. */
export type Refreshed = 'alive' | 'dead' | 'unsure';

/** The session with one authd, as one page sees it. */
export class Session {
  readonly #storage: SturdyStorage;
  readonly #key: string;
  readonly #bearer: boolean;
  #out = false;
  #flight: Promise<Refreshed> | undefined;
  #refreshed = 0;
  #arrival: Promise<unknown> | undefined;
  #shared = new Map<string, { at: number; answer: Promise<Answer> }>();

  constructor(readonly options: Options) {
    this.#bearer = options.transport === 'bearer';
    this.#storage = sturdy((this.#bearer && options.storage) || tabStorage());
    this.#key = `authd:${base(options) || (page()?.origin ?? '')}`;
  }

  async #memory(): Promise<Memory | undefined> {
    try {
      const value: unknown = JSON.parse((await this.#storage.get(this.#key)) ?? 'null');
      return typeof (value as Memory | null)?.at === 'number' ? (value as Memory) : undefined;
    } catch {
      return undefined; // what is no JSON is not ours
    }
  }

  async #remember(m: Memory): Promise<void> {
    this.#out = (m.ended ?? m.over) === true;
    this.#shared.clear();
    await this.#storage.set(this.#key, JSON.stringify(m));
  }

  /** What a login at another site needs beside its parameters. */
  async bind(): Promise<Record<string, unknown>> {
    if (!this.#bearer) return {};
    const codeChallenge = await bind(this.options);
    return codeChallenge ? { codeChallenge } : {};
  }

  /** Notes that a login goes on at another site: who comes back is asked about anew. */
  async left(): Promise<void> {
    if (this.#bearer) return;
    await this.forget();
    this.#out = false;
  }

  /** Takes the tokens of a login at another site that this page is the end of, once. */
  #arrive(): Promise<unknown> {
    return (this.#arrival ??= (async () => {
      const body = this.#bearer ? arrived(this.options) : undefined;
      if (body) await this.accept(await ask(this.options, '/exchange', { method: 'POST', body }));
    })());
  }

  /** Whether somebody is signed in, as far as can be said without asking. */
  async known(): Promise<Known> {
    await this.#arrive();
    const m = await this.#memory();
    if (m?.ended) return 'out';
    if (m && !m.over && (!this.#bearer || m.refresh)) return 'in';
    return this.#bearer || this.#out ? 'out' : 'unknown';
  }

  /** The access token, with the bearer transport. */
  async token(): Promise<string | undefined> {
    await this.#arrive();
    return this.#bearer ? (await this.#memory())?.access : undefined;
  }

  /** Takes what a login or refresh answered, if it holds a session. */
  async accept(a: Answer): Promise<boolean> {
    const seconds = a.body['expiresIn'];
    if (typeof seconds !== 'number') return false;
    const m: Memory = { at: Date.now(), ends: Date.now() + seconds * 1000 };
    const access = text(a.body['accessToken']);
    const refresh = text(a.body['refreshToken']);
    if (this.#bearer && access) m.access = access;
    if (this.#bearer && refresh) m.refresh = refresh;
    await this.#remember(m);
    return true;
  }

  /** Notes that there is a session that another page began. */
  async found(): Promise<void> {
    const m = await this.#memory();
    if (!this.#bearer && (!m || m.over)) await this.#remember({ at: Date.now() });
  }

  /** Forgets the session. Other tabs see it too. */
  async forget(): Promise<void> {
    this.#out = true;
    this.#shared.clear();
    await this.#storage.remove(this.#key);
  }

  /** Ends the session at authd. Without a network it is over here, and authd is told later. */
  async end(redirectPath?: unknown): Promise<Answer> {
    const m = await this.#memory();
    await this.forget();
    const body: Record<string, unknown> = {};
    if (m?.refresh) body['refreshToken'] = m.refresh;
    if (redirectPath !== undefined) body['redirectPath'] = redirectPath;
    const answer = await ask(this.options, '/logout', { method: 'POST', body, token: m?.access });
    if (outage(answer) && !this.#bearer) await this.#remember({ at: Date.now(), ended: true });
    return answer;
  }

  /** Tells authd of a session that was ended without a network. */
  async settle(): Promise<void> {
    if ((await this.#memory())?.ended && !outage(await ask(this.options, '/logout', { method: 'POST', body: {} }))) {
      await this.forget();
    }
  }

  /**
   * Refreshes, once for all who ask meanwhile, on this page and in other tabs.
   * since is when the request was sent that met a 401: if the session was
   * refreshed after that, by whomever, there is nothing left to do. Neither is
   * there if it was found to be over, up to a second before.
   */
  refresh(since: number): Promise<Refreshed> {
    this.#flight ??= exclusively(`${this.#key}:refresh`, () => this.#refresh(since)).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /**
   * refresh for an error of which nobody knows when its request was sent. Errors
   * that come within a second of a refresh are of requests from before it.
   */
  revive(): Promise<Refreshed> {
    return Date.now() - this.#refreshed < 1000 ? Promise.resolve('alive') : this.refresh(Date.now());
  }

  async #refresh(since: number): Promise<Refreshed> {
    if ((await this.known()) === 'out') return 'dead';
    const m = await this.#memory();
    if (m?.ends && m.at > since) return 'alive';
    if (m?.over && m.at > since - 1000) {
      this.#out = true;
      return 'dead';
    }
    const answer = await ask(this.options, '/refresh', { method: 'POST', body: m?.refresh ? { refreshToken: m.refresh } : {} });
    if (answer.status === 200 && (await this.accept(answer))) {
      this.#refreshed = Date.now();
      return 'alive';
    }
    if (outage(answer) || answer.status === 200) return 'unsure';
    if ((await this.#memory())?.at === m?.at) await this.#remember({ at: Date.now(), over: true }); // unless somebody signed in meanwhile
    return 'dead';
  }

  /** Asks as whoever is signed in, refreshing first if the access token has ended, and again after a 401. */
  async ask(path: string, call: Call = {}): Promise<Answer> {
    const sent = Date.now();
    const m = await this.#memory();
    if (m?.ends && m.ends <= sent) await this.refresh(sent);
    const answer = await ask(this.options, path, { ...call, token: await this.token() });
    if (answer.status !== 401 || (await this.refresh(sent)) !== 'alive') return answer;
    return ask(this.options, path, { ...call, token: await this.token() });
  }

  /** ask for values, which callers within a second share. An outage is not shared. */
  share(path: string): Promise<Answer> {
    const now = Date.now();
    const had = this.#shared.get(path);
    if (had && now - had.at < 1000) return had.answer;
    const answer = this.ask(path);
    this.#shared.set(path, { at: now, answer });
    void answer.then((a) => {
      if (outage(a) && this.#shared.get(path)?.answer === answer) this.#shared.delete(path);
    });
    return answer;
  }
}
