import { Authenticated, Refine } from '@refinedev/core';
import routerProvider, { CatchAllNavigate, NavigateToResource } from '@refinedev/react-router';
import { BrowserRouter, Outlet, Route, Routes } from 'react-router';
import { authProvider } from './auth';
import { dataProvider } from './data';
import { Layout } from './layout';
import { Notifications, notificationProvider } from './notifications';
import { ForgotPassword, Login, Register, UpdatePassword } from './pages/auth';
import { Forbidden, NotFound } from './pages/messages';
import { Posts } from './pages/posts';
import { Report } from './pages/report';

const resources = [
  { name: 'posts', list: '/posts' },
  { name: 'report', list: '/report' },
];

export function App() {
  return (
    <BrowserRouter>
      <Refine
        authProvider={authProvider}
        dataProvider={dataProvider}
        notificationProvider={notificationProvider}
        routerProvider={routerProvider}
        resources={resources}
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
            <Route path="/forbidden" element={<Forbidden />} />
          </Route>
          <Route
            element={
              <Authenticated key="pages" fallback={<Outlet />}>
                <NavigateToResource resource="posts" />
              </Authenticated>
            }
          >
            <Route path="/login" element={<Login />} />
            <Route path="/register" element={<Register />} />
            <Route path="/forgot-password" element={<ForgotPassword />} />
            <Route path="/update-password" element={<UpdatePassword />} />
          </Route>
          <Route
            element={
              <Authenticated key="rest">
                <Layout>
                  <Outlet />
                </Layout>
              </Authenticated>
            }
          >
            <Route path="*" element={<NotFound />} />
          </Route>
        </Routes>
        <Notifications />
      </Refine>
    </BrowserRouter>
  );
}
