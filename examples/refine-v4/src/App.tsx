import { AuthPage, Authenticated, type OAuthProvider, Refine } from '@refinedev/core';
import routerProvider, { CatchAllNavigate, NavigateToResource } from '@refinedev/react-router-v6';
import { useEffect, useState } from 'react';
import { BrowserRouter, Outlet, Route, Routes } from 'react-router-dom';
import { config, provider } from './auth';
import { dataProvider } from './data';
import { Notifications, notificationProvider } from './notifications';
import { Layout, LegacyForgotPassword, Posts, Report } from './pages';
import { legacy } from './settings';

/** The providers that sign people in at a site of their own, for AuthPage. */
function useProviders() {
  const [providers, setProviders] = useState<OAuthProvider[]>([]);
  useEffect(() => {
    config().then(
      (offered) => setProviders(offered.providers.filter((p) => p.redirect)),
      () => setProviders([]), // the form is there all the same
    );
  }, []);
  return providers;
}

export function App() {
  const providers = useProviders();
  return (
    <BrowserRouter>
      <Refine
        {...provider}
        dataProvider={dataProvider}
        notificationProvider={notificationProvider}
        routerProvider={routerProvider}
        resources={[{ name: 'posts', list: '/posts' }]}
        options={{ disableTelemetry: true }}
      >
        <Routes>
          <Route
            element={
              <Authenticated key="app" fallback={<CatchAllNavigate to="/login" />}>
                <Layout>
                  <Outlet />
                </Layout>
              </Authenticated>
            }
          >
            <Route index element={<NavigateToResource resource="posts" />} />
            <Route path="/posts" element={<Posts />} />
            <Route path="/report" element={<Report />} />
          </Route>
          <Route
            element={
              <Authenticated key="pages" fallback={<Outlet />}>
                <NavigateToResource resource="posts" />
              </Authenticated>
            }
          >
            <Route path="/login" element={<AuthPage type="login" providers={providers} />} />
            <Route path="/register" element={<AuthPage type="register" />} />
            <Route path="/forgot-password" element={legacy ? <LegacyForgotPassword /> : <AuthPage type="forgotPassword" />} />
            <Route path="/update-password" element={<AuthPage type="updatePassword" />} />
          </Route>
        </Routes>
        <Notifications />
      </Refine>
    </BrowserRouter>
  );
}
