import { type Options } from './options.js';
import { Session } from './session.js';
import { guarded } from './target.js';

/**
 * Makes a fetch that shows the session to your API, and on a 401 refreshes it
 * once, for any number of requests, and repeats each request once. Addresses
 * elsewhere are fetched as they are.
 */
export function createFetch(options: Options = {}): typeof fetch {
  const session = new Session(options);
  const mine = guarded(options);
  const send = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));

  const show = async (request: Request): Promise<Request> => {
    const token = await session.token();
    if (options.transport === 'bearer') {
      if (token && !request.headers.has('Authorization')) request.headers.set('Authorization', `Bearer ${token}`);
      return request;
    }
    return request.credentials === 'same-origin' ? new Request(request, { credentials: 'include' }) : request;
  };

  return async (input, init) => {
    const request = new Request(input, init);
    if (!mine(request.url)) return send(request);
    const again = request.clone(); // before the body is read
    const sent = Date.now();
    const response = await send(await show(request));
    if (response.status !== 401 || (await session.refresh(sent)) !== 'alive') {
      void again.body?.cancel();
      return response;
    }
    void response.body?.cancel();
    return send(await show(again));
  };
}
