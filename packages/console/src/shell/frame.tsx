/**
 * What stands around every page: the way to the others, who is here, whether the window hears what happens.
 *
 * @module
 */
import type { Me, ApprovalPage } from '@countersign/schema'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { post } from '../api/ask.ts'
import { useAnswer } from '../api/use-answer.ts'
import { openPath } from '../approval/listed.ts'
import { rolesThatSeePeople } from '../people/may-see.ts'
import { setZone, useZone } from '../parts/zone.ts'
import { type Page, paths } from '../route.ts'
import { useDismiss } from '../window/dismiss.ts'
import { Link } from '../window/link.tsx'
import { Lost } from '../window/lost.tsx'
import { live, useLine, useNotice } from '../window/live.ts'
import { Mark } from './mark.tsx'
import { useLocation } from '../window/location.ts'

/** `roles`: only for those; others are not led to a page that is closed to them. */
const pages: readonly { page: Page; within?: Page; path: string; name: string; roles?: Me['roles'] }[] = [
  { page: 'inbox', within: 'question', path: paths.inbox(), name: 'Inbox' },
  { page: 'actions', within: 'action', path: paths.actions(), name: 'Actions' },
  { page: 'lineage', path: paths.lineage(), name: 'Lineage' },
  { page: 'ledger', path: paths.ledger, name: 'Ledger' },
  { page: 'agents', path: paths.agents, name: 'Agents' },
  { page: 'tools', path: paths.tools, name: 'Tools' },
  { page: 'policies', path: paths.policies(), name: 'Policies' },
  {
    page: 'people',
    path: paths.people,
    name: 'People',
    roles: rolesThatSeePeople,
  },
  { page: 'system', path: paths.system, name: 'System', roles: ['operations', 'auditor'] },
]

export function Frame({ me, page, children }: { me: Me | undefined; page: Page; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  useDismiss(open, close, '.menu, .nav')
  const { pathname } = useLocation()
  const first = useRef(pathname)
  useEffect(() => {
    setOpen(false)
    // Whoever reads with their ears begins at the new page, not at the link that led here.
    if (first.current !== pathname) document.getElementById('page')?.focus({ preventScroll: true })
    if (first.current !== pathname && live.notice()?.tone === 'calm') live.dismiss()
    first.current = ''
  }, [pathname])
  return (
    <div className="frame">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="bar">
        <Link className="brand" href={paths.inbox()} aria-label="Countersign, inbox">
          <Mark />
          <span>Countersign</span>
        </Link>
        {me?.demo === true && <span className="chip demo">Demo</span>}
        <LineState />
        <button type="button" className="menu" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>
          Menu
        </button>
      </header>
      <nav id="nav" className={open ? 'nav open' : 'nav'} aria-label="Console">
        <ul>
          {pagesFor(me).map(({ page: each, within, path, name }) => (
            <li key={path}>
              <Link
                href={path}
                aria-current={each === page ? 'page' : within === page ? 'true' : undefined}
                onClickCapture={close}
              >
                {name}
                {each === 'inbox' && me && <Waiting />}
              </Link>
            </li>
          ))}
        </ul>
        {me && <Who me={me} />}
      </nav>
      <main id="page" className={`page on-${page}`} tabIndex={-1}>
        {me?.local === true && (
          <p className="local-people" role="note">
            <b>Local people:</b> no identity provider is connected. Everything approved here says so.
          </p>
        )}
        <Lost />
        {children}
      </main>
      <Notices />
    </div>
  )
}

const pagesFor = (me: Me | undefined) =>
  pages.filter(({ roles }) => roles === undefined || roles.some((role) => me?.roles.includes(role)))

/** How many questions this person could answer now. */
function Waiting() {
  const page = useAnswer<ApprovalPage>(openPath).value
  const mine = page?.items.filter((item) => item.mine && item.state === 'open').length
  if (!mine) return null
  return (
    <span className="count">
      {mine}
      {page?.next !== undefined && '+'}
      <span className="aloud"> waiting for you</span>
    </span>
  )
}

const lineWords = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
  offline: 'offline',
} as const

function LineState() {
  const line = useLine()
  return (
    <span
      className={`line ${line}`}
      role="status"
      title={line === 'live' ? 'Changes appear by themselves.' : undefined}
    >
      <i aria-hidden="true" />
      {lineWords[line]}
    </span>
  )
}

function Who({ me: { person, groups, roles, demo } }: { me: Me }) {
  const zone = useZone()
  return (
    <div className="who">
      <strong>{person.name}</strong>
      <span className="soft">{[...groups, ...roles.map((role) => `${role} (role)`)].join(', ') || 'no groups'}</span>
      <button type="button" className="quiet" onClick={() => setZone(zone === 'UTC' ? 'local' : 'UTC')}>
        {zone === 'UTC' ? 'Times in UTC' : 'Times as here'}
        <span className="aloud">: show them {zone === 'UTC' ? 'as this device does' : 'in UTC'}</span>
      </button>
      {demo && (
        <button
          type="button"
          onClick={() => void leave(`/sign-in?switch=1&return=${encodeURIComponent(location.pathname)}`)}
        >
          Switch person
        </button>
      )}
      <button type="button" onClick={() => void leave('/')}>
        Sign out
      </button>
    </div>
  )
}

async function leave(to: string): Promise<void> {
  const reply = await post('/sign-out', {})
  if (reply.ok) location.assign(to)
  else live.tell(`You are still signed in. ${reply.trouble.says}`, 'bad')
}

/** What just happened, long enough to be read. */
function Notices() {
  const notice = useNotice()
  useEffect(() => {
    if (!notice || notice.tone === 'bad') return undefined
    const timer = setTimeout(() => live.dismiss(), 8_000)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <div className="notices" aria-live="polite">
      {notice && (
        <div className={`notice ${notice.tone}`} key={notice.id}>
          <span>{notice.says}</span>
          <button type="button" onClick={() => live.dismiss()}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  )
}
