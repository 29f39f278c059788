// Where authd and the API are: the page's own origin, unless its <meta> tags
// name another one.
const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';

export const settings = {
  authURL: meta('authd-url'),
  apiURL: meta('api-url'),
  transport: meta('authd-transport') === 'bearer' ? ('bearer' as const) : ('cookie' as const),
};

/** Whether the app is given the old provider, as apps that came from v3 are. */
export const legacy = meta('auth-provider') === 'legacy';
