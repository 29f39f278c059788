// A server for a built app at an origin of its own: static files, a proxy to
// what is behind it, and faults between the two that a test can switch on.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { extname, join, normalize } from 'node:path';
import { sleep } from './until.mjs';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

class App {
  #faults = [];
  #requests = [];
  #server;

  constructor({ dir, meta = {}, pages = {}, proxy = {} }) {
    /** The built app's folder. A path without a file gets its index.html. */
    this.dir = dir;
    /** <meta> tags by name, put into that index.html: the app's settings. */
    this.meta = meta;
    /** Pages by path: HTML text, or a function that answers. */
    this.pages = pages;
    /** Path prefixes and the addresses behind them; may be changed while it runs. */
    this.proxy = proxy;
  }

  async listen(port = 0) {
    this.#server = createServer((incoming, outgoing) => {
      this.#answer(incoming, outgoing).catch(() => outgoing.destroy());
    });
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
    this.origin = `http://localhost:${this.port}`;
    return this;
  }

  async close() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The address under another name: an IP address is another site than localhost. */
  as(host) {
    return `http://${host}:${this.port}`;
  }

  /**
   * Makes the next `times` requests that match fail. path is the exact path, or
   * a RegExp. kind is
   *  - 'lost': the backend does its work, the answer never arrives;
   *  - 'refused': the connection ends before the backend hears of it;
   *  - 'late': the answer arrives after `delay` milliseconds;
   *  - 'status': the answer is `status`, after `delay` milliseconds if that is
   *    said, and the backend never hears of it.
   * Returns a handle whose `hits` counts, and whose off() ends it.
   */
  fault({ path, method, kind, times = Infinity, status = 500, body = { message: 'on demand' }, delay = kind === 'late' ? 1000 : 0 }) {
    const fault = { path, method, kind, left: times, status, body, delay, hits: 0 };
    fault.off = () => (this.#faults = this.#faults.filter((other) => other !== fault));
    this.#faults.push(fault);
    return fault;
  }

  /** Ends all faults. */
  heal() {
    this.#faults = [];
  }

  /** The requests that arrived, oldest first, as {method, path, query, headers, body, status}; preflights too. */
  requests(path, method) {
    return this.#requests.filter((r) => (!path || fits(path, r.path)) && (!method || r.method === method));
  }

  /** How many requests arrived for a path. */
  count(path, method) {
    return this.requests(path, method).length;
  }

  /** Forgets the requests so far. */
  forget() {
    this.#requests = [];
  }

  async #answer(incoming, outgoing) {
    const url = new URL(incoming.url, 'http://app');
    const { method, headers } = incoming;
    const seen = { method, path: url.pathname, query: url.search, headers, at: Date.now() };
    this.#requests.push(seen);
    outgoing.on('finish', () => (seen.status = outgoing.statusCode));
    const body = await read(incoming);
    seen.body = body.toString();

    const target = Object.entries(this.proxy).find(([prefix]) => below(prefix, url.pathname))?.[1];
    const fault = this.#take(seen);
    if (fault?.kind === 'refused') return outgoing.destroy();
    if (fault?.delay && !(fault.kind === 'late' && target)) await sleep(fault.delay);
    if (fault?.kind === 'status') return json(outgoing, fault.status, fault.body);
    if (target) return this.#forward(target, incoming, body, outgoing, fault);
    const page = this.pages[url.pathname];
    if (typeof page === 'function') return page(incoming, outgoing, body);
    if (page !== undefined) return html(outgoing, page);
    if (this.dir) return this.#serve(url.pathname, outgoing);
    json(outgoing, 404, { message: 'nothing here' });
  }

  async #serve(path, outgoing) {
    const inside = normalize(decodeURIComponent(path)).replace(/^(\.\.[/\\])+/, '');
    const file = join(this.dir, inside);
    const isFile = await stat(file).then((s) => s.isFile(), () => false);
    if (isFile) {
      outgoing.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(outgoing);
      return;
    }
    const tags = Object.entries(this.meta).map(([name, content]) => `<meta name="${name}" content="${content}">`);
    html(outgoing, (await readFile(join(this.dir, 'index.html'), 'utf8')).replace('</head>', `${tags.join('')}</head>`));
  }

  #take(seen) {
    const fault = this.#faults.find((f) => f.left > 0 && fits(f.path, seen.path) && (!f.method || f.method === seen.method));
    if (fault) {
      fault.left--;
      fault.hits++;
    }
    return fault;
  }

  // The Host header goes on unchanged: to the service behind it, this is the origin.
  async #forward(target, incoming, body, outgoing, fault) {
    const { method, headers, url } = incoming;
    const call = request(new URL(url, target), { method, headers, agent: false });
    call.end(body);
    const [answer] = await once(call, 'response');
    const answered = await read(answer);
    if (fault?.kind === 'lost') return outgoing.destroy();
    if (fault?.kind === 'late') await sleep(fault.delay);
    const kept = Object.fromEntries(
      Object.entries(answer.headers).filter(([name]) => name !== 'transfer-encoding' && name !== 'connection'),
    );
    outgoing.writeHead(answer.statusCode, { ...kept, ...(method !== 'HEAD' && { 'content-length': answered.length }) });
    outgoing.end(answered);
  }
}

const fits = (pattern, path) => (pattern instanceof RegExp ? pattern.test(path) : pattern === path);
const below = (prefix, path) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function json(outgoing, status, body) {
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(body));
}

function html(outgoing, text) {
  outgoing.writeHead(200, { 'content-type': types['.html'] });
  outgoing.end(text);
}

/** Starts an app server on a free port; options: dir, meta, pages, proxy, port. */
export function startApp(options = {}) {
  return new App(options).listen(options.port);
}
