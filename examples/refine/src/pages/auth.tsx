import { useForgotPassword, useLogin, useRegister, useUpdatePassword } from '@refinedev/core';
import { loginFailure } from '@authd/client';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { config } from '../auth';

/** The fields of a form by name; a checkbox is a boolean. */
function values(form: HTMLFormElement): Record<string, string | boolean> {
  const fields = Array.from(form.elements).filter((e): e is HTMLInputElement => e instanceof HTMLInputElement && e.name !== '');
  return Object.fromEntries(fields.map((e) => [e.name, e.type === 'checkbox' ? e.checked : e.value]));
}

type PageProps = { title: string; action: string; busy: boolean; send: (values: never) => void; children: ReactNode; others?: ReactNode; below: ReactNode };

function Page({ title, action, busy, send, children, others, below }: PageProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    send(values(event.currentTarget) as never);
  };
  return (
    <div className="auth">
      <section className="card">
        <h1>{title}</h1>
        <form onSubmit={submit}>
          {children}
          <button type="submit" className="primary" disabled={busy}>
            {action}
          </button>
        </form>
        {others}
        <div className="below">{below}</div>
      </section>
    </div>
  );
}

type FieldProps = { label: string; name: string; type?: string; autoComplete: string };

function Field({ label, name, type = 'text', autoComplete }: FieldProps) {
  return (
    <label className="field">
      {label}
      <input name={name} type={type} autoComplete={autoComplete} required />
    </label>
  );
}

/** A link to another of these pages that keeps where the user wanted to go. */
function Keep({ to, children }: { to: string; children: ReactNode }) {
  const { search } = useLocation();
  return <Link to={to + search}>{children}</Link>;
}

export function Login() {
  const { mutate, isPending } = useLogin();
  return (
    <Page
      title="Sign in"
      action="Sign in"
      busy={isPending}
      send={mutate}
      others={<OtherSignIns send={mutate} />}
      below={
        <p>
          No account? <Keep to="/register">Register</Keep>
        </p>
      }
    >
      <Failure />
      <Field label="Email" name="email" autoComplete="username" />
      <Field label="Password" name="password" type="password" autoComplete="current-password" />
      <div className="row">
        <label className="check">
          <input name="remember" type="checkbox" /> Stay signed in
        </label>
        <Keep to="/forgot-password">Forgot your password?</Keep>
      </div>
    </Page>
  );
}

/** Why signing in at another site did not work, for whoever comes back from there. */
function Failure() {
  const failure = loginFailure();
  return failure ? (
    <p className="refused" role="alert" data-testid="login-failure">
      {failure.message}
    </p>
  ) : null;
}

type Provider = { name: string; label: string; redirect?: boolean };

/** One button for each provider that signs people in at a site of its own. */
function OtherSignIns({ send }: { send: (values: { providerName: string }) => void }) {
  const [providers, setProviders] = useState<Provider[]>([]);
  useEffect(() => {
    config().then(
      (offered) => setProviders(offered.providers.filter((p: Provider) => p.redirect)),
      () => setProviders([]), // the form is there all the same
    );
  }, []);
  if (providers.length === 0) return null;
  return (
    <div className="others">
      <span className="or">or</span>
      {providers.map(({ name, label }) => (
        <button key={name} type="button" data-testid={`provider-${name}`} onClick={() => send({ providerName: name })}>
          Sign in with {label}
        </button>
      ))}
    </div>
  );
}

export function Register() {
  const { mutate, isPending } = useRegister();
  return (
    <Page
      title="Register"
      action="Register"
      busy={isPending}
      send={mutate}
      below={
        <p>
          Have an account? <Keep to="/login">Sign in</Keep>
        </p>
      }
    >
      <Field label="Email" name="email" type="email" autoComplete="username" />
      <Field label="Password" name="password" type="password" autoComplete="new-password" />
    </Page>
  );
}

export function ForgotPassword() {
  const { mutate, isPending } = useForgotPassword();
  return (
    <Page title="Forgot your password?" action="Send a link" busy={isPending} send={mutate} below={<Keep to="/login">Back to sign in</Keep>}>
      <p className="hint">We send you a link for a new one, if there is an account with your address.</p>
      <Field label="Email" name="email" type="email" autoComplete="username" />
    </Page>
  );
}

export function UpdatePassword() {
  const { mutate, isPending } = useUpdatePassword();
  return (
    <Page title="Set a new password" action="Save" busy={isPending} send={mutate} below={<Link to="/login">Back to sign in</Link>}>
      <Field label="New password" name="password" type="password" autoComplete="new-password" />
      <Field label="New password again" name="confirmPassword" type="password" autoComplete="new-password" />
    </Page>
  );
}
