import { useGetIdentity, useLogout, usePermissions } from '@refinedev/core';
import type { ReactNode } from 'react';
import { NavLink } from 'react-router';

type Identity = { id: string; name: string; email?: string; avatar?: string | null };

export function Layout({ children }: { children: ReactNode }) {
  const { data: identity } = useGetIdentity<Identity>();
  const { data: roles } = usePermissions<string[]>({});
  const { mutate: logout, isPending } = useLogout();
  return (
    <>
      <header className="bar">
        <span className="brand">Newsroom</span>
        <nav aria-label="Main">
          <NavLink to="/posts">Posts</NavLink>
          {roles?.includes('admin') && (
            <NavLink to="/report" data-testid="report-link">
              Report
            </NavLink>
          )}
        </nav>
        <div className="who">
          {identity?.avatar && <img src={identity.avatar} alt="" width="32" height="32" />}
          <span className="name">
            <span data-testid="identity">{identity?.name}</span>
            <small data-testid="permissions">{roles?.join(', ')}</small>
          </span>
          <button type="button" data-testid="logout" disabled={isPending} onClick={() => logout()}>
            Sign out
          </button>
        </div>
      </header>
      <main>{children}</main>
    </>
  );
}
