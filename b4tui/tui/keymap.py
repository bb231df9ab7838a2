"""Every key of the console: one registry, by group, with an id, a tooltip and a place in the foot line.

Screens and widgets take their bindings from here (`bindings("dashboard")`), help and palette read the same entries.
The conventions are those of research/textual.md 5.3, but that `g` is the machine: `<` and `>` go to the ends of a list,
as in `less`, and `f` ("allow for…") is the grants. `y` is bound nowhere near a decision, and no key that decides has
priority.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `keys` as Textual writes them; `label` stands in the foot line when `foot`; `help` in the overlay."""

    id: str
    keys: str
    action: str
    label: str
    help: str
    foot: bool = False
    display: str = ""
    priority: bool = False


LIST = (
    Key("list-down", "down,j", "move(1)", "Down", "Next row", display="↓ j"),
    Key("list-up", "up,k", "move(-1)", "Up", "Previous row", display="↑ k"),
    Key("list-page-down", "pagedown,ctrl+d", "page(1)", "Page down", "One page down", display="PgDn"),
    Key("list-page-up", "pageup,ctrl+u", "page(-1)", "Page up", "One page up", display="PgUp"),
    Key("list-first", "home,less_than_sign", "edge(False)", "First", "First row", display="<"),
    Key("list-last", "end,greater_than_sign,G", "edge(True)", "Last", "Last row", display=">"),
    Key("list-open", "enter", "open", "Open", "Open what the cursor is on", foot=True, display="↵"),
)

GLOBAL = (
    Key("palette", "ctrl+p,colon", "command_palette", "Commands", "Every verb by its name", foot=True, display="^p"),
    Key("help", "question_mark", "help", "Help", "The keys that work here", foot=True, display="?"),
    Key("approvals", "a", "approvals", "Approvals", "What agents want to send out; again: back", foot=True),
    Key("machine", "g", "machine", "Machine", "Graphs, memory, models, requests, tokens; again: back", foot=True),
    Key("audit", "L", "audit", "Record", "The ledger, to audit what happened; again: back"),
    Key("grants", "F", "grants", "Grants", "Standing approvals: what may leave without a question"),
    Key("quit", "ctrl+q", "quit", "Quit", "Stop the agents and leave", priority=True, display="^q"),
    Key("leave", "q", "quit", "Quit", "Stop the agents and leave", display="q"),
    Key("leave-twice", "ctrl+c", "quit_twice", "Quit", "Struck twice: stop the agents and leave", display="^c"),
    Key("theme", "T", "next_theme", "Theme", "Dark, light, high contrast", display="T"),
)

DASHBOARD = (
    Key("attention", "w", "attention", "What waits", "Go to what waits for you", foot=True),
    Key("column-1", "1", "column(0)", "Ready", "Go to the ready beads"),
    Key("column-2", "2", "column(1)", "Working", "Go to the beads at work"),
    Key("column-3", "3", "column(2)", "Blocked", "Go to the blocked beads"),
    Key("column-4", "4", "column(3)", "Closed", "Go to the closed beads"),
    Key("agents", "5", "agents", "Agents", "Go to the agents"),
    Key("activity", "6", "activity", "Activity", "Go to what happened"),
    Key("column-left", "left,h", "beside(-1)", "Left", "The column to the left", display="← h"),
    Key("column-right", "right,l", "beside(1)", "Right", "The column to the right", display="→ l"),
    Key("retry", "r", "retry", "Retry", "Give the bead another attempt", foot=True),
    Key("cancel", "x", "cancel", "Cancel", "Stop the run at this bead", foot=True),
    Key("filter", "slash", "filter", "Filter", "Show only beads that match", foot=True, display="/"),
    Key("new", "n", "new", "New", "Make a bead", foot=True),
    Key("pause", "p", "pause", "Pause", "Pause or resume: the agent under the cursor, else all", foot=True),
    Key("copy", "y", "copy", "Copy", "Copy the bead's id", display="y"),
    Key("unwind", "escape", "unwind", "Back", "Undo one thing: filter, then selection", display="esc"),
)

BEAD = (
    Key("bead-back", "escape,backspace", "back", "Back", "Return to the board", foot=True, display="esc"),
    Key("tab-1", "1", "tab(0)", "Bead", "The bead itself"),
    Key("tab-2", "2", "tab(1)", "Live", "What its agent says and does"),
    Key("tab-3", "3", "tab(2)", "Changes", "The files its agent changed"),
    Key("tab-4", "4", "tab(3)", "Comments", "What was said about it"),
    Key("tab-5", "5", "tab(4)", "History", "How it came to be what it is"),
    Key("tab-6", "6", "tab(5)", "Why", "Why it is ready or not, and whose it is"),
    Key("tab-left", "left,h", "beside(-1)", "Left", "The tab to the left", display="← h"),
    Key("tab-right", "right,l", "beside(1)", "Right", "The tab to the right", display="→ l"),
    Key("bead-retry", "r", "retry", "Retry", "Give the bead another attempt", foot=True),
    Key("bead-cancel", "x", "cancel", "Cancel", "Stop the run at this bead", foot=True),
    Key("bead-assign", "s", "assign", "Assign", "Give the bead to an agent", foot=True),
    Key("bead-comment", "c", "comment", "Comment", "Say something on the bead", foot=True),
    Key("bead-close", "d", "close_bead", "Close", "The bead is done: close it with a reason", foot=True),
    Key("bead-reopen", "o", "reopen", "Reopen", "Open the closed bead again", foot=True),
    Key("bead-release", "R", "release", "Release", "Let what this run has read leave, after a question"),
    Key("bead-copy", "y", "copy", "Copy", "Copy the bead's id", display="y"),
    Key("bead-copy-pane", "Y", "copy_pane", "Copy all", "Copy all text of this pane", display="Y"),
)

MACHINE = (
    Key("machine-back", "escape,backspace", "back", "Back", "Return to where you came from", foot=True, display="esc"),
    Key("section-1", "1", "section(0)", "Graphs", "What the machine has been doing for ten minutes"),
    Key("section-2", "2", "section(1)", "Memory", "Who holds which memory"),
    Key("section-3", "3", "section(2)", "Models", "The models, where they are computed, and why not here"),
    Key("section-4", "4", "section(3)", "Requests", "Who is being answered and who waits"),
    Key("section-5", "5", "section(4)", "Tokens", "Tokens a second of each agent and model"),
    Key("section-6", "6", "section(5)", "Errors", "What broke last"),
    Key("section-left", "left,h", "beside(-1)", "Left", "The section before", display="← h"),
    Key("section-right", "right,l", "beside(1)", "Right", "The section after", display="→ l"),
    Key("section-copy", "Y", "copy_pane", "Copy all", "Copy all text of this section", foot=True, display="Y"),
)

APPROVALS = (
    Key("approvals-back", "escape,backspace", "back", "Back", "Unmark, then return to where you came from", foot=True,
        display="esc"),
    Key("approvals-deny", "d", "deny", "Deny", "Deny what is marked, else what the cursor is on", foot=True),
    Key("approvals-approve", "A", "approve_marked", "Approve marked", "Approve what is marked, after reading each",
        foot=True),
    Key("approvals-mark", "space", "mark", "Mark", "Mark what the cursor is on", foot=True, display="␣"),
    Key("approvals-range", "v", "mark_range", "Mark to here", "Mark everything between the last mark and here"),
    Key("approvals-kind", "asterisk", "mark_kind", "Mark alike", "Mark all of this agent, destination and category",
        display="*"),
    Key("approvals-undo", "u", "undo", "Undo", "Take the last decision back, while that is possible", foot=True),
    Key("approvals-seen", "s", "acknowledge", "Seen", "Say that you are looking at it; it stays pending"),
    Key("approvals-extend", "x", "extend", "Extend", "Give it more time, once"),
    Key("approvals-grants", "f", "grants", "Grants", "The standing approvals", foot=True),
    Key("approvals-copy", "c", "copy", "Copy digest", "Copy the sha256 of its payload"),
)  # fmt: skip

APPROVAL = (
    Key("approval-back", "escape", "back", "Back", "Leave it pending and return", foot=True, display="esc"),
    Key("approval-deny", "d", "deny", "Deny", "Deny it; u undoes that for a moment", foot=True),
    Key("approval-approve", "A", "approve", "Approve", "Approve these bytes, once, when all were seen", foot=True),
    Key("approval-deny-why", "D", "deny_because", "Deny, why", "Deny it with a reason for the agent"),
    Key("approval-undo", "u", "undo", "Undo", "Take the last decision back, while that is possible", foot=True),
    Key("approval-redact", "e", "redact", "Redact", "Replace what was found and have it judged again", foot=True),
    Key("approval-public", "m", "call_public", "Not private", "Call the value of this finding public", foot=True),
    Key("approval-page-down", "space,pagedown,ctrl+d", "page(1)", "Read on", "One page down", foot=True, display="␣"),
    Key("approval-page-up", "pageup,ctrl+u", "page(-1)", "Page up", "One page up", display="PgUp"),
    Key("approval-down", "down,j", "move(1)", "Down", "One row down", display="↓ j"),
    Key("approval-up", "up,k", "move(-1)", "Up", "One row up", display="↑ k"),
    Key("approval-first", "home,less_than_sign", "edge(False)", "First", "To the beginning", display="<"),
    Key("approval-last", "end,greater_than_sign", "edge(True)", "Last", "To the end", display=">"),
    Key("approval-left", "left", "aside(-16)", "Left", "To the left, when rows are not wrapped", display="←"),
    Key("approval-right", "right", "aside(16)", "Right", "To the right, when rows are not wrapped", display="→"),
    Key("approval-unseen", "U", "unseen", "Unseen", "To the first row that was not on the screen yet"),
    Key("approval-search", "slash", "search", "Search", "Look for something in the payload", display="/"),
    Key("approval-next-mark", "n", "next_mark(1)", "Next", "The next finding, or the next place that was looked for"),
    Key("approval-last-mark", "N", "next_mark(-1)", "Before", "The finding or place before"),
    Key("approval-wrap", "w", "wrap", "Wrap", "Wrap rows, or not"),
    Key("approval-hex", "h", "hex", "Bytes", "The bytes in hexadecimal, or the text"),
    Key("approval-diff", "equals_sign", "diff", "Changes", "What changed against the last one approved for this run",
        display="="),
    Key("approval-other", "right_square_bracket", "other(1)", "Next one", "The next approval that waits", display="]"),
    Key("approval-before", "left_square_bracket", "other(-1)", "One before", "The one before", display="["),
    Key("approval-seen", "s", "acknowledge", "Seen", "Say that you are looking at it; it stays pending"),
    Key("approval-extend", "x", "extend", "Extend", "Give it more time, once"),
    Key("approval-grant", "f", "grant", "Allow for…", "Make a grant for the like of it"),
    Key("approval-copy", "c", "copy", "Copy digest", "Copy the sha256 of the payload"),
    Key("approval-export", "o", "export", "Export", "Write the exact bytes to a file for review"),
)  # fmt: skip

DECISION = (Key("decision-press", "enter", "press", "Press", "Do what the chosen button says", display="↵"),)

GRANTS = (
    Key("grants-back", "escape,backspace", "back", "Back", "Return to where you came from", foot=True, display="esc"),
    Key("grants-revoke", "x", "revoke", "Revoke", "End this grant now", foot=True),
)

GRANT = (
    Key("grant-back", "escape", "dismiss_dialog", "Back", "Leave without making a grant", foot=True, display="esc"),
    Key("grant-wider", "right,l", "turn(1)", "Wider", "The next scope of this limit", foot=True, display="→"),
    Key("grant-narrower", "left,h", "turn(-1)", "Narrower", "The scope before", foot=True, display="←"),
    Key("grant-make", "ctrl+s", "make", "Make it", "Make this grant", foot=True, display="^s"),
)

AUDIT = (
    Key("audit-back", "escape,backspace", "back", "Back", "Drop the search, then return", foot=True, display="esc"),
    Key("audit-search", "slash", "search", "Search", "Look for words, kind:… or bead:… in the record", foot=True,
        display="/"),
    Key("audit-copy", "y", "copy", "Copy id", "Copy the id of what the row is about", foot=True, display="y"),
    Key("audit-verify", "v", "verify", "Verify", "Go through the whole chain again", foot=True),
    Key("audit-export", "e", "export", "Export", "Write every row to a file as JSON lines", foot=True),
)  # fmt: skip

ENTRY = (
    Key("entry-back", "escape,backspace", "back", "Back", "Return to the record", foot=True, display="esc"),
    Key("entry-bead", "b", "open_bead", "Bead", "Look at the bead it is about", foot=True),
    Key("entry-copy-pane", "Y", "copy_pane", "Copy all", "Copy all text of the entry", foot=True, display="Y"),
)

DIALOG = (
    Key("dialog-back", "escape", "dismiss_dialog", "Back", "Leave without doing anything", foot=True, display="esc"),
)

FORM = (
    Key("form-back", "escape", "dismiss_dialog", "Back", "Leave without doing anything", foot=True, display="esc"),
    Key("form-send", "ctrl+s", "send", "Send", "Do what the form says", foot=True, display="^s"),
)

GROUPS: dict[str, tuple[str, tuple[Key, ...]]] = {
    "list": ("In a list", LIST),
    "dashboard": ("Dashboard", DASHBOARD),
    "bead": ("Bead", BEAD),
    "machine": ("Machine", MACHINE),
    "approval": ("Approval", APPROVAL),
    "approvals": ("Approvals", APPROVALS),
    "grants": ("Grants", GRANTS),
    "grant": ("A grant", GRANT),
    "decision": ("On a button", DECISION),
    "audit": ("Record", AUDIT),
    "entry": ("An entry of the record", ENTRY),
    "dialog": ("Question", DIALOG),
    "form": ("Form", FORM),
    "global": ("Everywhere", GLOBAL),
}

BY_ID: dict[str, Key] = {key.id: key for _, keys in GROUPS.values() for key in keys}


def bindings(group: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """The bindings of a group, for `BINDINGS`."""
    return [
        Binding(
            key.keys,
            key.action,
            key.label,
            show=key.foot,
            key_display=key.display or key.keys,
            priority=key.priority,
            tooltip=key.help,
            id=key.id,
        )
        for key in GROUPS[group][1]
    ]
