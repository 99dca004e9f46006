/**
 * Server-sent events as they come in (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 *
 * @module
 */
import { CountersignError } from '@countersign/core'

export interface ServerEvent {
  /** `message` where the stream names nothing. */
  readonly name: string
  readonly data: string
}

export interface EventReader {
  /** Takes the next piece of text, cut anywhere. @throws ERR_INPUT_TOO_LARGE */
  read(piece: string): void
  /** What a client that lost the stream says to have the rest. */
  readonly lastId: string | undefined
  /** Milliseconds to wait before it comes back, if the server said so. */
  readonly retryMs: number | undefined
}

/** `mostCharacters` is what one event may have. */
export function createEventReader(tell: (event: ServerEvent) => void, mostCharacters: number): EventReader {
  let line = ''
  let name = ''
  let data: string[] = []
  let held = 0
  let lastId: string | undefined
  let retryMs: number | undefined
  let afterReturn = false

  function take(field: string, value: string): void {
    switch (field) {
      case 'event':
        name = value
        break
      case 'data':
        data.push(value)
        held += value.length
        break
      case 'id':
        if (!value.includes('\0')) lastId = value
        break
      case 'retry':
        if (/^\d{1,7}$/.test(value)) retryMs = Number(value)
        break
      default: // a comment, or nothing we know
    }
  }

  function endLine(): void {
    if (line !== '') {
      const colon = line.indexOf(':')
      const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1)]
      line = ''
      return take(field, value.startsWith(' ') ? value.slice(1) : value)
    }
    const event = { name: name || 'message', data: data.join('\n') }
    const told = data.length > 0 && event.data !== ''
    name = ''
    data = []
    held = 0
    if (told) tell(event)
  }

  return {
    read(piece) {
      let from = afterReturn && piece.startsWith('\n') ? 1 : 0
      if (piece !== '') afterReturn = piece.endsWith('\r')
      for (const { 0: end, index } of piece.matchAll(/\r\n?|\n/g)) {
        if (index < from) continue
        line += piece.slice(from, index)
        from = index + end.length
        endLine()
      }
      line += piece.slice(from)
      if (line.length + held > mostCharacters) throw new CountersignError('ERR_INPUT_TOO_LARGE')
    },
    get lastId() {
      return lastId
    },
    get retryMs() {
      return retryMs
    },
  }
}
