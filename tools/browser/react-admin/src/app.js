// An app of react-admin's core, without a UI kit: a list of the protected API,
// the header of a layout, a login page.
import { createFetch, createReactAdminProvider } from '@authd/client';
import { CoreAdmin, HttpError, ListBase, Resource, useDataProvider, useGetIdentity, useListContext, useLogin, useLogout, useNotificationContext, useNotify, usePermissions } from 'ra-core';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';

const transport = document.querySelector('meta[name="authd-transport"]')?.content ?? 'cookie';
const authProvider = createReactAdminProvider({ transport });
const send = createFetch({ transport });

async function call(path, init) {
  const answer = await send(`/api/${path}`, init);
  const body = await answer.json();
  if (!answer.ok) throw new HttpError(body.message, answer.status, body);
  return body;
}

const dataProvider = {
  getList: (resource) => call(resource),
  demand: (status) => call(`demand/${status}`, { method: 'POST' }),
};

const test = (name, type, props, ...children) => h(type, { ...props, 'data-testid': name }, ...children);

function Notices() {
  const { notifications } = useNotificationContext();
  return h('div', null, ...notifications.map(({ message }, i) => test('notification', 'p', { key: i }, String(message))));
}

function Login() {
  const login = useLogin();
  const notify = useNotify();
  const submit = (event) => {
    event.preventDefault();
    login(Object.fromEntries(new FormData(event.target))).catch((error) => notify(error.message, { type: 'error' }));
  };
  return h('form', { onSubmit: submit }, h('input', { name: 'username' }), h('input', { name: 'password', type: 'password' }), h('button', { type: 'submit' }, 'Sign in'), h(Notices));
}

function Layout({ children }) {
  const { identity } = useGetIdentity();
  const { permissions } = usePermissions();
  const logout = useLogout();
  const provider = useDataProvider();
  const demand = (status, times = 1) => Array.from({ length: times }, () => provider.demand(status).catch(() => {}));
  return h(
    'main', null,
    test('identity', 'span', null, identity?.fullName),
    test('permissions', 'span', null, permissions?.join?.(' ')),
    test('logout', 'button', { onClick: () => logout() }, 'Sign out'),
    ...[[401, 1], [401, 10], [403, 1]].map(([status, times]) => test(`demand-${status}-${times}`, 'button', { key: `${status}${times}`, onClick: () => demand(status, times) }, `${times} times ${status}`)),
    children, h(Notices),
  );
}

function Posts() {
  const { data } = useListContext();
  return h('ul', null, ...(data ?? []).map((post) => test('post', 'li', { key: post.id }, post.title)));
}

createRoot(document.getElementById('root')).render(
  h(CoreAdmin, { authProvider, dataProvider, layout: Layout, loginPage: Login, requireAuth: true, disableTelemetry: true }, h(Resource, { name: 'posts', list: () => h(ListBase, null, h(Posts)) })),
);
