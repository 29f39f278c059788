import { Link } from 'react-router';

export function Forbidden() {
  return (
    <section className="message" data-testid="forbidden">
      <h1>Not for you</h1>
      <p>Your account may not see this page. Ask an admin if it should.</p>
      <Link to="/posts">Back to the posts</Link>
    </section>
  );
}

export function NotFound() {
  return (
    <section className="message" data-testid="not-found">
      <h1>Nothing here</h1>
      <p>There is no page at this address.</p>
      <Link to="/posts">Back to the posts</Link>
    </section>
  );
}
