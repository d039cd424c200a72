"""Word lists of English reporting: verbs and nouns by which an actor speaks or acts.

The lists are closed and general: no word of theirs belongs to one target.
"""

from __future__ import annotations

_REPORTING = """
accept accuse acknowledge add admit advise affirm agree allege announce answer appeal argue ask
assert assess assure back believe blame call caution challenge cite claim comment complain
concede conclude condemn confirm congratulate consider contend counter criticise criticize cry
declare decline decry demand denounce deny deplore describe disclose dismiss doubt echo
emphasise emphasize endorse estimate expect explain express fear find forecast guarantee hail
highlight hint hope imagine imply indicate inform insist intend interpret invite joke judge
lament maintain mention mock note observe object oppose opine outline plead pledge point portray
praise predict proclaim promise propose protest question quip quote react reaffirm reason recall
reckon recognise recognize recommend refuse regard regret reiterate reject relate remark
remember remind repeat reply report reproach request respond retort reveal rule salute scoff see
shout signal slam speculate state stress suggest support suppose surmise suspect swear talk
testify thank threaten toast tweet underline underscore urge view voice vow want warn welcome
whisper wish wonder worry post say tell write speak think know mean feel
"""
_ACTING = """
abandon abduct abolish act adopt aid allow applaud appear appoint approve arrest arrive assemble
attack attempt attend avoid award ban bar beat begin block boycott break chant charge chase
clash close collect come continue convene cooperate coordinate crush cut decide defend defy
delay deliver deploy detain dictate disappear discuss dispatch disperse draft draw drive elect
enter escape examine exchange expel extend fail fight file fire flee follow force form freeze
gather give go grant guard halt handle help hold honour honor hurl ignore impose increase
inherit insult intervene introduce investigate issue join keep launch lead leave lift link list
look lose make march meet monitor mount move name need negotiate nominate obtain offer open
order organise organize overcome participate pass phone pick plan post postpone prepare present
press prevent proceed prompt provide publish push put raid raise rally reach read receive
recommend register release remain remove replace resign resist resume retreat return revoke rise
run sack sanction say seal search seek seem send sentence serve set share shield sign sit speak
stand start stay step stop storm strike strip submit summon surround suspend take target tell
think travel treat try turn unveil use violate visit vote wait walk watch wave win withdraw
withhold work write
"""
_IRREGULAR = {
    "beat": "beat beaten", "begin": "began begun", "break": "broke broken", "come": "came",
    "cut": "cut", "draw": "drew drawn", "drive": "drove driven", "fight": "fought",
    "find": "found", "flee": "fled", "forecast": "forecast", "freeze": "froze frozen",
    "give": "gave given", "go": "went gone goes", "hold": "held", "keep": "kept", "lead": "led",
    "leave": "left", "lose": "lost", "make": "made", "meet": "met", "put": "put", "read": "read",
    "rise": "rose risen", "run": "ran", "say": "said", "see": "saw seen", "seek": "sought",
    "send": "sent", "set": "set", "sit": "sat", "speak": "spoke spoken", "stand": "stood",
    "strike": "struck", "swear": "swore sworn", "take": "took taken", "tell": "told",
    "think": "thought", "win": "won", "withdraw": "withdrew withdrawn",
    "withhold": "withheld", "write": "wrote written",
}  # fmt: skip

AUXILIARIES = frozenset(
    "am are be been being can could did do does had has have is may might must ought shall "
    "should was were will would cannot 'd 'll 've 're 's".split()
)
BE = frozenset("am are be been being is was were get gets got".split())
# Words that may stand between a subject and its verb.
ADVERBIALS = frozenset(
    "also already again all always earlier finally first further however immediately just "
    "later long merely never not now now often once only previously promptly quickly recently "
    "repeatedly since so soon still then therefore thus today together too twice yesterday "
    "yet themselves himself herself itself monday tuesday wednesday thursday friday saturday "
    "sunday".split()
)
# Participles after "be" that tell a mind or a position; other passives tell what was suffered.
STATIVES = frozenset(
    "alarmed angered appalled committed concerned convinced deeply determined disappointed "
    "disturbed expected forced interested opposed outraged planned prepared ready satisfied "
    "set shocked surprised troubled united willing worried".split()
)
# Nouns by which somebody's position is told: "Lukashenko's claim", "criticism from Brussels".
POSITION_NOUNS = frozenset(
    "accusation accusations allegation allegations announcement answer appeal appeals "
    "approval assertion assertions assessment backing belief boycott call calls campaign "
    "charge charges claim claims comment comments complaint complaints concern concerns "
    "condemnation congratulations criticism critique crackdown decision demand demands denial "
    "denials determination doubt doubts efforts endorsement failure fear fears inauguration "
    "insistence intention interview letter message objections offer opinion order orders plan "
    "plans pledge position praise proposal proposals protest protests readiness reaction "
    "recognition refusal rejection remark remarks reply report reports request resolution "
    "response sanctions speech stance statement statements strike strikes suggestion support "
    "testimony threat threats veto verdict view views visit vow warning warnings wish wishes "
    "word words".split()
)


# Nouns that make a name an outlet: "the RBC news website", "the newspaper Bild".
OUTLET_NOUNS = frozenset(
    "agency broadcaster channel daily magazine newspaper newswire outlet portal radio site "
    "television tv website weekly".split()
)


def inflect(verb: str) -> set[str]:
    """Return the forms in which a verb follows its subject, or precedes it in an inversion."""
    forms = {verb, *_IRREGULAR.get(verb, "").split()}
    if verb.endswith(("s", "sh", "ch", "x", "o")):
        forms.add(f"{verb}es")
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        forms |= {f"{verb[:-1]}ies", f"{verb[:-1]}ied"}
    else:
        forms.add(f"{verb}s")
    if verb.endswith("e"):
        forms |= {f"{verb}d", f"{verb[:-1]}ing"}
    elif not verb.endswith("y") or verb[-2] in "aeiou":
        forms |= {f"{verb}ed", f"{verb}ing", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing"}
    else:
        forms.add(f"{verb}ing")
    return forms


REPORTING_VERBS = frozenset().union(*(inflect(verb) for verb in _REPORTING.split()))
ACTING_VERBS = frozenset().union(*(inflect(verb) for verb in _ACTING.split()))
VERBS = REPORTING_VERBS | ACTING_VERBS
