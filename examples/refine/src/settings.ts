// Where authd and the API are: the page's own origin, unless its <meta> tags
// name another one.
const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';

export const settings = {
  authURL: meta('authd-url'),
  apiURL: meta('api-url'),
  transport: meta('authd-transport') === 'bearer' ? ('bearer' as const) : ('cookie' as const),
};
