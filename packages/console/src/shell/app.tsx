import type { Me } from '@countersign/schema'
import { useEffect } from 'react'
import { Action } from '../actions/action.tsx'
import { Actions } from '../actions/actions.tsx'
import { Agents } from '../agents/agents.tsx'
import { useAnswer } from '../api/use-answer.ts'
import { Inbox } from '../inbox/inbox.tsx'
import { Ledger } from '../ledger/ledger.tsx'
import { Lineage } from '../lineage/lineage.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { OwnAccounts } from '../people/own-accounts.tsx'
import { People } from '../people/people.tsx'
import { Policies } from '../policies/policies.tsx'
import { ApprovalPage } from '../approval/approval.tsx'
import { System } from '../system/system.tsx'
import { Tools } from '../tools/tools.tsx'
import { paths, type Route, routeOf } from '../route.ts'
import { Frame } from './frame.tsx'
import { Link } from '../window/link.tsx'
import { useLocation } from '../window/location.ts'
import { SignInPage } from './sign-in.tsx'

export function App({ onSignedIn }: { onSignedIn(): void }) {
  const { pathname, search } = useLocation()
  const route = routeOf(pathname, search)
  const { value: me, trouble } = useAnswer<Me>('/api/me')
  const known = me !== undefined

  useEffect(() => {
    if (known) onSignedIn()
  }, [known, onSignedIn])
  useEffect(() => {
    document.title = `${titleOf(route)} · Countersign`
  })

  if (trouble?.status === 401) return <SignInPage />
  return (
    <Frame me={me} page={route.page}>
      {me ? (
        <>
          <OwnAccounts me={me} />
          <Page route={route} me={me} />
        </>
      ) : trouble ? (
        <TroubleNote trouble={trouble} path="/api/me" />
      ) : (
        <Loading what="the console" />
      )}
    </Frame>
  )
}

function Page({ route, me }: { route: Route; me: Me }) {
  switch (route.page) {
    case 'inbox':
      return <Inbox search={route.search} me={me} />
    case 'question':
      return <ApprovalPage id={route.id} me={me} key={route.id} />
    case 'actions':
      return <Actions search={route.search} me={me} />
    case 'action':
      return <Action id={route.id} key={route.id} />
    case 'lineage':
      return <Lineage search={route.search} me={me} />
    case 'ledger':
      return <Ledger />
    case 'agents':
      return <Agents />
    case 'tools':
      return <Tools />
    case 'people':
      return <People />
    case 'system':
      return <System />
    case 'policies':
      return <Policies search={route.search} />
    case 'nowhere':
      return (
        <>
          <h1 className="aloud">Not found</h1>
          <Empty title="There is nothing here">
            <p>
              The address may be cut short. Questions have links such as <span className="mono">/approvals/apr_…</span>
            </p>
            <Link className="button" href={paths.inbox()}>
              Go to the inbox
            </Link>
          </Empty>
        </>
      )
  }
}

function titleOf(route: Route): string {
  switch (route.page) {
    case 'inbox':
      return 'Inbox'
    case 'question':
      return 'Question'
    case 'actions':
      return 'Actions'
    case 'action':
      return 'Action'
    case 'lineage':
      return 'Lineage'
    case 'ledger':
      return 'Ledger'
    case 'agents':
      return 'Agents'
    case 'tools':
      return 'Tools'
    case 'people':
      return 'People'
    case 'system':
      return 'System'
    case 'policies':
      return 'Policies'
    case 'nowhere':
      return 'Not found'
  }
}
