/**
 * The window: one page that speaks to its own instance and to nothing else.
 *
 * @module
 */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createAnswers } from './api/answers.ts'
import { get, reach } from './api/ask.ts'
import { listen, type Source } from './api/events.ts'
import { touches } from './api/stale.ts'
import { AnswersContext } from './api/use-answer.ts'
import { takeLocalKey, takeBrowserBinding } from './api/browser-binding.ts'
import { App } from './shell/app.tsx'
import { live } from './window/live.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/dialog.css'
import './styles/shell.css'
import './styles/nav.css'
import './styles/notices.css'
import './styles/parts.css'
import './styles/facts.css'
import './styles/values.css'
import './styles/graph.css'
import './styles/tables.css'
import './styles/states.css'
import './styles/inbox.css'
import './styles/approval.css'
import './styles/records.css'
import './styles/policies.css'
import './styles/running.css'
import './styles/tools.css'

takeBrowserBinding()
if (takeLocalKey()) location.replace('/sign-in')

const me = '/api/me'
const later = (what: () => void, ms: number) => void setTimeout(what, ms)

const answers = createAnswers({
  async get(path) {
    const reply = await get(path)
    // Signed out somewhere else: the shell asks who is there, and shows the way in.
    if (!reply.ok && reply.trouble.status === 401 && path !== me) answers.stale((each) => each === me)
    return reply
  },
  now: () => Date.now(),
  later,
})

/** Only for those who are signed in: others have nothing to hear. */
function listening(): { start(): void } {
  let events: ReturnType<typeof listen> | undefined
  return {
    start() {
      if (events) return
      events = listen({
        open: (path) => new EventSource(path) as unknown as Source,
        later,
        online: () => navigator.onLine,
        onHint: (hint) => answers.stale((path, value) => touches(hint, path, value)),
        onOpen: () => answers.stale(() => true),
        onLine(line) {
          live.setLine(line)
          // The line may break alone: one question tells whether Countersign is still there, again and again until it
          // is.
          if (line === 'reconnecting' || line === 'offline') answers.stale((path) => path === me)
          if (line === 'live') reach.found()
        },
      })
      const { renew } = events
      reach.onChange(() => {
        if (reach.lostAt() !== undefined && live.line() === 'live') renew()
      })
      addEventListener('offline', () => {
        renew()
        reach.lost()
      })
      addEventListener('online', () => {
        renew()
        answers.stale(() => true)
      })
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState !== 'visible') return
        events?.retry()
        answers.stale(() => true)
      })
    },
  }
}

// What cannot be installed still works as a page.
if (import.meta.env.PROD) navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined)

const container = document.getElementById('console')
if (container) {
  // Never a blank page: what could not be drawn is said, and can be drawn anew.
  const onUncaughtError = () => {
    container.className = 'stumbled'
    container.textContent =
      'The console stumbled over something it could not show. Nothing was approved or rejected. Load it anew.'
  }
  createRoot(container, { onUncaughtError }).render(
    <StrictMode>
      <AnswersContext value={answers}>
        <App onSignedIn={listening().start} />
      </AnswersContext>
    </StrictMode>,
  )
}
