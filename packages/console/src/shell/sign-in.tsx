import { Mark } from './mark.tsx'
import { useLocation } from '../window/location.ts'

export function SignInPage() {
  const { pathname, search } = useLocation()
  const back = pathname + search
  return (
    <main className="sign-in">
      <Mark />
      <h1>Countersign</h1>
      <p>Agents’ privileged actions wait here for a person.</p>
      <a className="button primary" href={`/sign-in?return=${encodeURIComponent(back)}`}>
        Sign in
      </a>
      <p className="soft">
        Your company’s identity provider asks who you are. {back !== '/' && 'Then you are back at this page.'}
      </p>
    </main>
  )
}
