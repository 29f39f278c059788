import { base, type Options } from './options.js';

/** What authd answered. status is 0 if nothing usable came back. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** The body as it is, which may be no object. */
  value: unknown;
}

export interface Call {
  method?: 'GET' | 'POST';
  body?: Record<string, unknown>;
  /** The access token to show. */
  token?: string | undefined;
}

const patience = 30_000; // milliseconds

/** Asks authd. It never throws: an outage of the network is the status 0, and so is an answer that is no JSON. */
export async function ask(o: Options, path: string, call: Call = {}): Promise<Answer> {
  const headers: Record<string, string> = { 'Authd-Transport': o.transport ?? 'cookie' };
  if (call.body) headers['Content-Type'] = 'application/json';
  if (call.token) headers['Authorization'] = `Bearer ${call.token}`;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), o.timeout ?? patience);
  try {
    const response = await (o.fetch ?? fetch)(base(o) + '/auth' + path, {
      method: call.method ?? 'GET',
      headers,
      credentials: 'include',
      cache: 'no-store',
      signal: late.signal,
      ...(call.body && { body: JSON.stringify(call.body) }),
    });
    const value: unknown = await response.json();
    return { status: response.status, body: object(value), value };
  } catch {
    return { status: 0, body: {}, value: null };
  } finally {
    clearTimeout(timer);
  }
}

/** Says that the answer tells nothing about the session: no network, a fault, too many requests. */
export function outage(a: Answer): boolean {
  return a.status === 0 || a.status === 408 || a.status === 429 || a.status >= 500;
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
