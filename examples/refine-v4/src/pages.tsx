import { useCustomMutation, useForgotPassword, useGetIdentity, useList, useLogout, usePermissions } from '@refinedev/core';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router-dom';
import { legacy } from './settings';

// The hooks have to be told that the provider is of the old kind.
const compatible = { v3LegacyAuthProviderCompatible: legacy };

function useRoles() {
  const { data, isLoading } = usePermissions(compatible);
  return { roles: data as string[] | undefined, isLoading };
}

export function Layout({ children }: { children: ReactNode }) {
  const identity = useGetIdentity(compatible).data as { name: string } | undefined;
  const { roles } = useRoles();
  const { mutate: logout } = useLogout(compatible);
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
  const { roles, isLoading } = useRoles();
  if (isLoading) return null;
  return roles?.includes('admin') ? (
    <h1 data-testid="report">Report</h1>
  ) : (
    <h1 data-testid="forbidden">Not for you</h1>
  );
}

/** AuthPage of v4 asks only the new kind of provider for a forgotten password; the hook can be told. */
export function LegacyForgotPassword() {
  const { mutate } = useForgotPassword<{ email: string }>({ v3LegacyAuthProviderCompatible: true });
  const [email, setEmail] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ email });
      }}
    >
      <h1>Forgot your password?</h1>
      <label>
        Email <input name="email" required value={email} onChange={(event) => setEmail(event.target.value)} />
      </label>
      <button type="submit">Send reset instructions</button>
    </form>
  );
}
