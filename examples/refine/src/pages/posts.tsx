import { useCustomMutation, useList } from '@refinedev/core';

type Post = { id: number; title: string; author: string; state: string };

export function Posts() {
  const { result, query } = useList<Post>({ resource: 'posts', pagination: { mode: 'off' } });
  return (
    <>
      <h1>Posts</h1>
      <div className="card table">
        <table data-testid="posts">
          <thead>
            <tr>
              <th>Title</th>
              <th>Author</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {result.data.map((post) => (
              <tr key={post.id} data-testid="post">
                <td>{post.title}</td>
                <td>{post.author}</td>
                <td>
                  <span className={`state ${post.state.replace(' ', '-')}`}>{post.state}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {query.isLoading && <p className="hint">Loading…</p>}
        {query.isError && <p className="hint">The posts could not be loaded.</p>}
        {query.isSuccess && result.data.length === 0 && <p className="hint">There are no posts yet.</p>}
      </div>
      <Demand />
    </>
  );
}

/** Buttons that make the API refuse, to see what the app does about it. */
function Demand() {
  const { mutate } = useCustomMutation();
  const demand = (status: number, times = 1) => {
    for (let i = 0; i < times; i++) mutate({ url: `/demand/${status}`, method: 'post', values: {} });
  };
  return (
    <section className="card demand">
      <h2>Make the API refuse</h2>
      <p>
        After a 401 authd is asked: a session that is alive stays, one that is dead ends at the login page. A 403 is about
        the request, and leaves the session alone.
      </p>
      <div className="buttons">
        <button type="button" data-testid="demand-401" onClick={() => demand(401)}>
          Answer 401
        </button>
        <button type="button" data-testid="demand-ten" onClick={() => demand(401, 10)}>
          Ten times 401
        </button>
        <button type="button" data-testid="demand-403" onClick={() => demand(403)}>
          Answer 403
        </button>
      </div>
    </section>
  );
}
