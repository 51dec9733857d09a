export function SignInLinkPage() {
  return <main id="content" />;
}
