// A small authd for tests: the routes that the client uses, sessions that end
// when a test says so, a log of requests, and faults. It listens on port 0.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';

export class Server {
  alive = false;
  /** The generation of the access token that is good now. */
  generation = 0;
  log = [];
  /** Answers by "METHOD /path", before anything else: a function of the request, or 'drop'. */
  override = {};
  check = { redirectTo: '/login' };
  onError = [{ status: '401', refresh: true, logout: true, redirectTo: '/login' }, { status: '403', redirectTo: '/forbidden' }];

  async listen() {
    this.server = createServer((req, res) => this.#handle(req, res));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  count(line) {
    return this.log.filter((entry) => entry.line === line).length;
  }

  tokens() {
    return {
      token: `access-${this.generation}`, accessToken: `access-${this.generation}`, refreshToken: `refresh-${this.generation}`,
      refresh_token: `refresh-${this.generation}`, access_token: `access-${this.generation}`, token_type: 'Bearer', expires_in: 600,
      expiresIn: 600, refreshExpiresIn: 3600, user: { id: 'demo:1', name: 'John' },
    };
  }

  async #handle(req, res) {
    let text = '';
    for await (const chunk of req) text += chunk;
    const line = `${req.method} ${new URL(req.url, 'http://x').pathname}`;
    const body = text ? JSON.parse(text) : undefined;
    this.log.push({ line, body, headers: req.headers });
    const send = (status, value, headers = {}) => {
      res.writeHead(status, { 'content-type': 'application/json', ...headers });
      res.end(JSON.stringify(value));
    };
    const override = this.override[line];
    if (override === 'drop') return req.socket.destroy();
    if (override) {
      const [status, value] = override(body);
      return send(status, value);
    }
    this.#answer(line, body, req, send);
  }

  #answer(line, body, req, send) {
    const bearer = req.headers.authorization?.replace('Bearer ', '');
    const good = this.alive && (bearer === undefined ? this.cookieGood !== false : bearer === `access-${this.generation}`);
    const refusal = (code, message) => ({ success: false, code, message, error: { name: 'Refused', message, code } });
    switch (line) {
      case 'POST /auth/login':
        if (body.providerName && !body.password && !body.credential) {
          this.challenge = body.codeChallenge;
          return send(200, { success: true, redirectTo: 'https://op.test/authorize' });
        }
        if (body.password !== 'demo' && !body.credential) return send(400, { ...refusal('invalid_credentials', 'No.'), redirectTo: '/failed' });
        this.alive = true;
        this.cookieGood = true;
        return send(200, { success: true, redirectTo: '/', ...this.tokens() });
      case 'POST /auth/exchange':
        if (body.code !== 'c1' || createHash('sha256').update(body.codeVerifier).digest('base64url') !== this.challenge) return send(400, refusal('expired', 'No.'));
        this.challenge = undefined;
        this.alive = true;
        return send(200, { success: true, ...this.tokens() });
      case 'POST /auth/refresh':
        if (!this.alive) return send(400, refusal('unauthenticated', 'Over.'));
        this.generation++;
        this.cookieGood = true;
        return send(200, { success: true, ...this.tokens() });
      case 'POST /auth/logout':
        this.alive = false;
        return send(200, { success: true, redirectTo: '/bye' });
      case 'GET /auth/check':
        return good ? send(200, { authenticated: true }) : send(401, { authenticated: false, ...this.check });
      case 'GET /auth/identity':
        return good ? send(200, { id: 'demo:1', name: 'John', fullName: 'John' }) : send(401, null);
      case 'GET /auth/permissions':
        return good ? send(200, ['admin']) : send(401, null);
      case 'GET /auth/config':
        return send(200, { providers: [], methods: ['login', 'check', 'logout', 'onError', 'getIdentity', 'getPermissions'], onError: this.onError, transports: ['bearer', 'cookie'] });
      case 'GET /api/things':
      case 'POST /api/things':
        return good ? send(200, { things: body ?? 3 }) : send(401, { message: 'no' });
    }
    return send(200, { success: true, successNotification: { message: 'Done' } });
  }
}

/** localStorage, as far as the client uses it. */
export function fakeLocalStorage() {
  const values = new Map();
  return { getItem: (k) => values.get(k) ?? null, setItem: (k, v) => void values.set(k, v), removeItem: (k) => void values.delete(k), values };
}

/** A page: its address, and where it was sent. */
export function fakeLocation(href) {
  const url = new URL(href);
  return { href: url.href, origin: url.origin, pathname: url.pathname, search: url.search, left: [], assign(to) { this.left.push(to); } };
}
