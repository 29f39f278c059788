import { AuthPage, type OAuthProvider, Refine } from '@pankod/refine-core';
import routerProvider from '@pankod/refine-react-router-v6';
import { useEffect, useState } from 'react';
import { authProvider, config } from './auth';
import { dataProvider } from './data';
import { Notifications, notificationProvider } from './notifications';
import { Layout, Posts, Report } from './pages';

/** The login page, with a button for each provider that signs people in at a site of its own. */
function Login() {
  const [providers, setProviders] = useState<OAuthProvider[]>([]);
  useEffect(() => {
    config().then(
      (offered) => setProviders(offered.providers.filter((p) => p.redirect)),
      () => setProviders([]), // the form is there all the same
    );
  }, []);
  return <AuthPage type="login" providers={providers} />;
}

const pages = [
  { path: '/register', element: <AuthPage type="register" /> },
  { path: '/forgot-password', element: <AuthPage type="forgotPassword" /> },
  { path: '/update-password', element: <AuthPage type="updatePassword" /> },
];

export function App() {
  return (
    <>
      <Refine
        authProvider={authProvider}
        dataProvider={dataProvider}
        notificationProvider={notificationProvider}
        routerProvider={{ ...routerProvider, routes: pages }}
        LoginPage={Login}
        Layout={Layout}
        resources={[
          { name: 'posts', list: Posts },
          { name: 'report', list: Report },
        ]}
        options={{ disableTelemetry: true }}
      />
      <Notifications />
    </>
  );
}
