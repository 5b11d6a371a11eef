/**
 * Every bound of the system, unit last in its name, each with the reason for its size.
 * All of them lie below the platform's own limits, so ours is the one that is met first and answered
 * properly. Refuses to hold settings: what an operator may choose is configuration, not a limit.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const LIMITS = {
  // Text that comes in
  /** Real documents nest under ten levels; recursive readers stay far from the end of the stack. */
  jsonDepthMax: 32,
  /** A value at the full depth of 32 still fits inside the event that records it. */
  eventDepthMax: 48,
  /** Hashing refuses deeper values, so a cycle ends as a breach instead of a stack overflow. */
  canonicalDepthMax: 64,
  /** Arguments travel inside a ticket's queue message, which the platform caps at 128 KB. */
  argsBytesMax: 64 * KIB,
  /** A bundle is one journal row with its event; half of that row. */
  evidenceBytesMax: 256 * KIB,
  /** A plan is stored as its own row; the platform caps a row at 2 MB. */
  planBytesMax: 1 * MIB,
  /** The largest thing accepted (a plan) and room for the envelope around it. */
  bodyBytesMax: 1 * MIB + 64 * KIB,
  /** A signed statement with room; read before anybody has shown who they are. */
  hookBodyBytesMax: 64 * KIB,
  /** The longest signed token read: a ticket or approval as it fits a queue message. */
  jwsCharsMax: 128 * KIB,
  /** A plan larger than this is several missions. Over HTTP `planBytesMax` is reached first. */
  nodesMax: 10_000,
  /** What one person can review as one change; more is another plan. */
  amendmentNodesMax: 500,
  /** Recorded in one event like a bundle, and shown whole to whoever approves it. */
  amendmentBytesMax: 256 * KIB,
  /** Each is one compilation of the whole plan in every replay. */
  amendmentsPerMissionMax: 100,
  /** Five edges a node on average; such a plan compiles in about 0.2 s. */
  edgesMax: 50_000,
  /** What a person can be asked to review in one bundle. */
  claimsPerBundleMax: 200,
  /** More sources than this do not make a claim surer. */
  sourcesPerClaimMax: 20,
  /** About one page of text in an approval, intervention or reason. */
  reasonTextCharsMax: 2_000,
  /** A signed statement or ticket as compact JWS: a few claims or sixty-four fences, with room. */
  compactJwsCharsMax: 16 * 1024,
  /** Five hundred rules with their predicates; pinned into every mission's first event. */
  policyBytesMax: 256 * KIB,
  /** Re-sends counted of one ticket: at one in five minutes, three and a half days of silence. */
  resendsCountedMax: 1_000,
  /** What a receipt or denial says in words; enough for a status and a cause. */
  detailCharsMax: 500,
  /** Bundles named with a reconciliation; a person looks at a few. */
  reconciliationEvidenceMax: 16,
  /** The usual width of an idempotency key, also promised by the API. */
  idempotencyKeyCharsMax: 255,
  /** Clients retry within a day; the API promises at least this. */
  idempotencyKeepMs: DAY_MS,

  /** What a verifier saw of a source longer ago than this says little of it today. */
  receiptAgeMaxMs: 30 * DAY_MS,

  // Tickets
  /** Long enough for queue and retry, short enough that a stolen ticket is worthless soon. */
  ticketTtlMs: 60 * SECOND_MS,
  /** Clock difference tolerated between issuer and gateway. */
  ticketLeewayMs: 5 * SECOND_MS,
  /** First re-send when no receipt came: local queues forget on a crash, real ones deliver at least once. */
  ticketResendMs: 15 * SECOND_MS,
  /** The re-send delay doubles up to this, so a dead gateway is not hammered. */
  ticketResendMaxMs: 5 * MINUTE_MS,

  // People and leases
  /** A slice is given back this soon when its holder disappears. */
  leaseMs: 5 * MINUTE_MS,
  /** From an arbiter's answer to the mission's commit lie a few calls between objects. */
  leaseGrantMs: 10 * SECOND_MS,
  /** Clock difference tolerated between an arbiter and a mission; as at the gateway. */
  leaseLeewayMs: 5 * SECOND_MS,
  /** An arbiter that has not answered by then counts as one that cannot be reached. */
  leaseAskMs: 5 * SECOND_MS,
  /** While somebody waits for a slice, its arbiter looks this often whether a lost release has kept it. */
  leaseLookMs: 30 * SECOND_MS,
  /** A mission that waits asks again by itself this often; its arbiters' word is what it really waits for. */
  leaseAskAgainMs: 2 * MINUTE_MS,
  /** Times a turn asks arbiters and is decided anew; each settles all that the last one found wanting. */
  leaseRoundsMax: 8,
  /** Nodes asked again within one command because slices came free; many more than nodes that end in one. */
  leaseAskAgainMax: 64,
  /** Slices whose waiters are looked after at one alarm of an arbiter; the next ones at the next. */
  leaseLookSlicesMax: 64,
  /** A person answers within a working day or the mission escalates. */
  approvalDeadlineMs: DAY_MS,
  /** More groups than this are not asked one after the other within one deadline. */
  escalationStepsMax: 8,
  /** Whoever has not heard ten reminders does not hear the eleventh. */
  remindersPerRequestMax: 10,
  /** A reminder is one event of the trace and one message to everybody. */
  reminderEveryMsMin: MINUTE_MS,
  /** A longer absence is a change of the directory, not a delegation. */
  delegationMaxMs: 30 * DAY_MS,
  /** A signed statement older than this no longer says what the person thinks today. */
  approvalStatementMaxMs: 7 * DAY_MS,

  // A mission's work
  /** Tries of one node unless its plan says otherwise: first, retry, last. */
  attemptsDefault: 3,
  /** No plan may ask for more tries; a node failing ten times needs a person. */
  attemptsMax: 10,
  /** Agents banned from one mission; the team's directory bans for good. */
  bansPerMissionMax: 100,
  /** From this reset of the same node or mission on, a person has to resume. See docs/interventions.md. */
  resetsBeforeEscalation: 3,
  /** System nodes advanced within one command, so one transaction stays short. */
  autoAdvancePerCommandMax: 64,
  /** One packed journal row; the platform caps a row at 2 MB, a D1 parameter set reads it whole. */
  journalRowBytesMax: 512 * KIB,
  /** Waking folds at most this many events on top of a snapshot: a few milliseconds. */
  snapshotEveryEvents: 256,
  /** Up to here the whole chain is verified on wake (about 0.3 s); beyond it, from a signed snapshot's head. */
  fullVerifyEventsMax: 20_000,
  /** At about 1 KB an event, a tenth of the 10 GB an object may hold. */
  eventsPerMissionMax: 1_000_000,
  /** A whole trace is still walked within one request's 30 s of CPU; large evidence reaches this before the count. */
  missionBytesMax: 256 * MIB,
  /** Denials recorded one by one, of genuine and of forged tickets each; the last one raises an incident that says so. */
  deniedEventsPerMissionMax: 100,
  /** The platform says 128 KB; the rest is room for its own envelope. */
  queueMessageBytesMax: 100 * KIB,

  // Policies
  /** A condition is one thought; twenty lines are several rules. */
  conditionCharsMax: 2_000,
  /** Nodes of its syntax tree, about one for each word and operator. */
  conditionNodesMax: 200,
  /** How deep the tree goes: the evaluator recurses, and people do not read deeper. */
  conditionDepthMax: 24,
  /** Elements of a literal list; a longer one is data and belongs into `in` of a predicate. */
  conditionListMax: 128,
  /** Steps of one evaluation, an upper bound known beforehand: about five milliseconds. */
  conditionCostMax: 100_000,
  /** Actions of one type kept for history functions; beyond it they refuse to answer. */
  historyEntriesMax: 1_000,
  /** Scalar arguments kept of one action. */
  historyArgsMax: 32,
  /** Longest text argument kept; orders, accounts and contracts have shorter names. */
  historyTextCharsMax: 256,
  /** Compiled conditions kept at a time: four policies of the largest size, or a few hundred usual ones. */
  conditionsKeptMax: 2_000,
  /** Times a running mission may be moved to a tighter policy; each carries its document. */
  policyRepinsMax: 16,
  /** Recorded missions looked at in one policy run. */
  redecideMissionsMax: 20,
  /** Recorded events folded in one policy run; the rest comes with the cursor. */
  redecideEventsMax: 20_000,
  /** Flips, contradictions and examples told in one policy run. */
  redecideFindingsMax: 200,

  // Reading
  /** Events in one page of a trace: about 1 MB. */
  tracePageMax: 1_000,
  /** Bytes of one page, when its events are large: an eighth of what one call between objects may carry. */
  tracePageBytesMax: 4 * MIB,
  /** Items in one page of any list. */
  listPageMax: 200,

  // Streams
  /** People and agents watching one mission at a time; each is a write to a socket for every event. */
  streamConnectionsMax: 64,
  /** Events sent ahead of an acknowledgement: all that is ever buffered for a receiver. */
  streamWindowEventsMax: 256,
  /** Bytes sent ahead; with every connection at it, half of what an isolate may hold. One event may overrun it. */
  streamWindowBytesMax: 1 * MIB,
  /** A receiver that leaves its window full for this long starts again from what it has. */
  streamSilenceMs: 30 * SECOND_MS,
  /** Who watches longer says anew who it is, so a withdrawn token stops to matter. */
  streamConnectionMs: HOUR_MS,
  /** Below the minute after which common proxies close an idle response. */
  streamHeartbeatMs: 15 * SECOND_MS,
  /** What a reader of server-sent events is told to wait before it connects again. */
  streamRetryMs: 1 * SECOND_MS,
  /** From being handed to a page to its handshake: one round trip, with room for a slow one. */
  streamTicketMs: 30 * SECOND_MS,
  /** Unused stream tickets of one mission; a page needs one at a time. */
  streamTicketsMax: 64,

  // Pictures
  /** Boxes that one can still find one's way in; above it nodes are drawn together. */
  pictureBoxesMax: 300,
  /** Boxes and layers passed by edges: what laying out costs grows with them, to 0.8 s of one core here. */
  pictureStepsMax: 3_500,

  // Universes
  /** As many viewpoints as one proposal can honestly be observed from. */
  universesPerNodeMax: 16,
  /** Conflict looks at every pair, so four times as many are sixteen times the work. */
  universesPerDecisionMax: 64,
  /** Hard constraints of one universe that one reason can still name. */
  constraintsPerUniverseMax: 16,
  /** Two points always lie on a line; three are the fewest that say anything of a correlation. */
  utilitySamplesMin: 3,
  /** With 64 universes about half a million multiplications, some milliseconds. */
  utilitySamplesMax: 256,
  /** Squares and sums of utilities this large stay exact enough; units are the caller's. */
  utilityMax: 1e12,
  /** A weight is a ratio; beyond this it would only drown the others. */
  universeWeightMax: 1_000,
  /** An observation that may be a year old is none that a clock should end. */
  staleAfterMaxMs: 366 * DAY_MS,

  // Talking to the outside
  /** A side effect that has not answered by then is unknown, not failed. */
  actionTimeoutMs: 10 * SECOND_MS,
  /** What is read of an upstream's answer; the rest is cut off. */
  responseBytesMax: 256 * KIB,
  /** A webhook receiver acknowledges quickly or is tried again. */
  webhookTimeoutMs: 10 * SECOND_MS,
  /**
   * Things looked at in one gate question; more blocks, since a clock would make a replay decide otherwise.
   * The largest the schemas allow (32 bundles of 200 claims with 20 sources, 10,000 predecessors) is 150,000.
   */
  gateStepsMax: 250_000,
} as const;
