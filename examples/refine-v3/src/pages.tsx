import { useCustomMutation, useGetIdentity, useList, useLogout, usePermissions } from '@pankod/refine-core';
import { Link } from '@pankod/refine-react-router-v6';
import type { ReactNode } from 'react';

export function Layout({ children }: { children?: ReactNode }) {
  const { data: identity } = useGetIdentity<{ name: string }>();
  const { data: roles } = usePermissions<string[]>();
  const { mutate: logout } = useLogout();
  return (
    <>
      <header>
        <Link to="/posts">Posts</Link>{' '}
        {roles?.includes('admin') && (
          <Link to="/report" data-testid="report-link">
            Report
          </Link>
        )}{' '}
        <span data-testid="identity">{identity?.name}</span> <small data-testid="permissions">{roles?.join(', ')}</small>{' '}
        <button type="button" data-testid="logout" onClick={() => logout()}>
          Sign out
        </button>
      </header>
      <main>{children}</main>
    </>
  );
}

type Post = { id: number; title: string; author: string };

export function Posts() {
  const { data } = useList<Post>({ resource: 'posts' });
  const { mutate } = useCustomMutation();
  const demand = (status: number, times = 1) => {
    for (let i = 0; i < times; i++) mutate({ url: `/demand/${status}`, method: 'post', values: {} });
  };
  return (
    <>
      <h1>Posts</h1>
      <ul data-testid="posts">
        {data?.data.map((post) => (
          <li key={post.id} data-testid="post">
            {post.title}, by {post.author}
          </li>
        ))}
      </ul>
      <button type="button" data-testid="demand-401" onClick={() => demand(401)}>
        Answer 401
      </button>
      <button type="button" data-testid="demand-ten" onClick={() => demand(401, 10)}>
        Ten times 401
      </button>
      <button type="button" data-testid="demand-403" onClick={() => demand(403)}>
        Answer 403
      </button>
    </>
  );
}

export function Report() {
  const { data: roles, isLoading } = usePermissions<string[]>();
  if (isLoading) return null;
  return roles?.includes('admin') ? (
    <h1 data-testid="report">Report</h1>
  ) : (
    <h1 data-testid="forbidden">Not for you</h1>
  );
}
