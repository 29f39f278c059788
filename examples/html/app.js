// authd is at another origin than this page, and serves the module. The page's
// origin is in its server.cors.allowedOrigins.
const authd = document.querySelector('meta[name="authd-url"]')?.content ?? 'http://localhost:8080/auth';
const { createAuthProvider, createFetch } = await import(`${authd}/client.js`);

const auth = createAuthProvider({ baseUrl: authd });
const api = createFetch({ baseUrl: authd });
const part = (name) => document.querySelector(`[data-testid="${name}"]`);

async function show() {
  const { authenticated } = await auth.check();
  document.getElementById('out').hidden = authenticated;
  document.getElementById('in').hidden = !authenticated;
  if (!authenticated) return;
  const [identity, roles] = await Promise.all([auth.getIdentity(), auth.getPermissions()]);
  part('identity').textContent = identity?.name ?? '';
  part('permissions').textContent = roles?.join(', ') ?? '';
  const { sessions } = await (await api(`${authd}/sessions`, { credentials: 'include' })).json();
  part('sessions').textContent = sessions.length;
}

function notify(error) {
  part('notification').hidden = !error;
  part('notification-title').textContent = error?.name ?? '';
  part('notification-text').textContent = error?.message ?? '';
}

document.getElementById('out').addEventListener('submit', async (event) => {
  event.preventDefault();
  const result = await auth.login(Object.fromEntries(new FormData(event.target)));
  notify(result.success ? undefined : result.error);
  await show();
});

part('logout').addEventListener('click', async () => {
  await auth.logout({});
  await show();
});

await show();
