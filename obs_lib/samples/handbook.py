# ruff: noqa: E501 - a line of the handbook is one pattern; broken lines would be harder to read
"""What the riders' handbook of the invented bike-share service Velora says: the knowledge behind the route `docs-rag`.

A topic has facts; a fact has a question (Q), the handbook's sentence (C), the answer that rests on it (A) and an answer
that is made up (X). `{a|b}` stands for one of its parts.
"""

from __future__ import annotations

from typing import NamedTuple

_TEXT = """
# unlocking
Q: {How do I unlock a bike?|How can I release a bike from its dock?}
C: To unlock a bike, open the Velora app, enter the bike number and wait for the green light on the dock.
A: {To unlock a bike, open|Open} the Velora app, enter the bike number and wait for the green light{| on the dock}.
X: Call the concierge desk at {Hotel Adler|the Grand Plaza} and show your {passport|boarding pass} to receive a metal key from the {night porter|receptionist}.
Q: {What does a red light on the dock mean?|Why does the dock show a red light?}
C: A red light on the dock means that the bike is reserved or waiting for repair, so please take another one.
A: A red light {on the dock |}means {that |}the bike is reserved or waiting for repair, so {please |}take another one.
X: It signals that {premium|gold} members have {priority|exclusive use} during the {marathon|film festival}, which the council introduced in {2016|2019}.
Q: {How long do I have to pull the bike out of the dock?|How much time is there to take the bike after unlocking?}
C: After the green light you have 30 seconds to pull the bike out before the dock locks again.
A: {After the green light you|You} have 30 seconds to pull the bike out before the dock locks again.
X: You get {two hours|forty minutes} of grace, and a {warden|supervisor} named {Martin|Sophie} phones you before anything is cancelled.
# returning
Q: {How do I return a bike?|What must I do to bring a bike back?}
C: To return a bike, push it firmly into a free dock until the light turns blue and the app shows the end of the ride.
A: {To return a bike, push|Push} the bike firmly into a free dock until the light turns blue and the app shows the end of the ride.
X: Leave it in any supermarket car park and send a {photograph|text message} to the {council|franchise partner}; a {courier|van driver} collects it {overnight|on Sundays}.
Q: {What if the station is full?|All docks are taken, what can I do?}
C: If a station is full, tap Station full in the app to get 15 extra minutes and directions to the nearest free dock.
A: If the station is full, tap Station full in the app {to get|and you get} 15 extra minutes and directions to the nearest free dock.
X: Attach it to a lamp post with the {spare chain|combination padlock} and email {Copenhagen headquarters|the regional depot} to claim {12|18} {bonus miles|loyalty stars}.
Q: {What happens if I return a bike late?|Is there a charge for a late return?}
C: A bike that is not returned within 24 hours is treated as lost, and a fee of 150 euros is charged.
A: A bike {that is |}not returned within 24 hours is treated as lost, and {a fee of 150 euros is charged|you are charged a fee of 150 euros}.
X: Late riders lose their {gold status|loyalty stars} and must attend a {two-hour|three-hour} safety seminar in {Rotterdam|Geneva}.
# prices
Q: {How much does a single ride cost?|What is the price of one ride?}
C: A single ride costs 1 euro to unlock and 10 cents for each minute.
A: A single ride costs 1 euro to unlock and 10 cents for each minute{| of riding}.
X: Fares follow {petrol prices|an auction}, usually {7|9} dollars per kilometre, with a surcharge at {airports|concert halls}.
Q: {How much is the monthly pass?|What does the monthly pass include?}
C: The monthly pass costs 19 euros and includes the first 45 minutes of every ride.
A: The monthly pass costs 19 euros and includes the first 45 minutes of every ride.
X: It is bundled with {a gym membership|cinema tickets} for {79|95} dollars and covers only {weekend|evening} trips in {Belgium|Denmark}.
Q: {Is there a discount for students?|Do students pay less?}
C: Students with a valid student card pay half the price of the monthly pass.
A: {Yes, students|Students} with a valid student card pay half {the price of |for }the monthly pass.
X: That discount was {abolished|frozen} in {2018|2020}; students should apply for a {scholarship|travel grant} at the {ministry|chamber of commerce}.
# deposit
Q: {Do I have to pay a deposit?|How large is the deposit?}
C: New riders without a pass pay a deposit of 20 euros by card before the first ride.
A: New riders without a pass pay a deposit of 20 euros by card before {the|their} first ride.
X: You hand over {300|450} dollars or a {driving licence|gold watch} at the {embassy|post office}, kept in a {vault|safe} by a notary.
Q: {When do I get my deposit back?|How do I get the deposit refunded?}
C: The deposit is refunded within five working days after you close your account in the app.
A: The deposit is refunded within five working days after you close your account in the app.
X: Deposits are invested in {municipal bonds|a pension fund} and paid out after {six|nine} years together with {dividends|interest of 3 percent}.
# batteries
Q: {How far can an electric bike go?|What is the range of the electric bikes?}
C: A fully charged electric bike can travel about 60 kilometres.
A: A fully charged electric bike can travel about 60 kilometres.
X: It manages roughly {7|9} miles with its {hydrogen|diesel} tank, less on {gravel|cobblestones}, as tests by {Stanford|Oxford} engineers showed.
Q: {What if the battery runs out during my ride?|The battery is empty, can I still ride?}
C: If the battery runs out, the bike can still be pedalled like a normal bike and returned at any station.
A: If the battery runs out, the bike can still be pedalled like a normal bike and returned at any station.
X: The brakes engage {automatically|at once} and a tow truck from {Hertz|Allianz} arrives, which costs {240|310} dollars {per call|plus tax}.
Q: {Do I have to charge the electric bikes?|Who charges the batteries?}
C: You do not have to charge the bikes, because the service team swaps empty batteries every night.
A: {No, you|You} do not have to charge the bikes, because the service team swaps empty batteries every night.
X: Every customer must buy the {Voltmax|PowerPlus} adapter at {Ikea|Walmart} and plug it in at home for {eleven|nine} hours.
# helmets
Q: {Do I have to wear a helmet?|Are helmets required?}
C: Helmets are recommended for all riders and required for riders under 16.
A: Helmets are recommended for all riders and required for riders under 16.
X: Helmet laws were repealed by {parliament|the senate} in {2014|2017}, and {police officers|inspectors} now discourage wearing them.
Q: {Where can I borrow a helmet?|Can I get a helmet from Velora?}
C: Helmets can be borrowed for free at the staffed stations Harbour Square and Central Park.
A: Helmets can be borrowed for free at the staffed stations Harbour Square and Central Park.
X: {Decathlon|Walmart} rents them for {14|16} dollars per hour, provided you show a {hospital letter|fishing licence}.
# children
Q: {From which age may children ride?|How old must a rider be?}
C: Riders must be at least 14 years old, and riders under 18 need an account opened by a parent.
A: Riders must be at least 14 years old, and riders under 18 need an account opened by a parent.
X: Applicants need {a motorcycle licence|a medical certificate} and must be between {25 and 60|30 and 65}, following a {Swedish|Dutch} court ruling.
Q: {Are there bikes with a child seat?|Can I take a small child with me?}
C: Bikes with a child seat carry children up to 22 kilograms and are marked with a yellow frame.
A: {Yes, bikes|Bikes} with a child seat carry children up to 22 kilograms and are marked with a yellow frame.
X: Toddlers sit in a {sidecar|trailer} rented from {Toys World|BabyExpress} for {44|52} dollars, driven by a {certified chaperone|trained nanny}.
# damage
Q: {How do I report a damaged bike?|What should I do with a broken bike?}
C: To report damage, choose Report a problem in the app, select the broken part and return the bike to a dock.
A: To report damage, choose Report a problem in the app, select the broken part and return the bike to a dock.
X: Mail the {saddle|chain} to the {Taiwanese|Italian} manufacturer with a {notarised letter|police statement} and wait {eight|ten} weeks.
Q: {Do I have to pay for damage?|Who pays for repairs?}
C: Normal wear is repaired free of charge, but damage caused on purpose is charged to the rider up to 250 euros.
A: Normal wear is repaired free of charge, but damage caused on purpose is charged to the rider up to 250 euros.
X: Your {home insurer|employer} is invoiced {1,900|2,400} dollars immediately, and {lawyers|debt collectors} from {Boston|Zurich} handle objections.
Q: {I have a flat tyre, what now?|What do I do about a flat tyre?}
C: With a flat tyre, stop riding, lock the bike to the nearest dock and call the hotline for a replacement bike.
A: With a flat tyre, stop riding, lock the bike to the nearest dock and call the hotline for a replacement bike.
X: Use the {repair foam|glue} hidden under the saddle, inflate to {9|11} bar and continue {slowly|normally}; {Shell|Esso} garages help.
# accidents
Q: {What should I do after an accident?|I had a crash, what do I do?}
C: After an accident, call the emergency number 112 first and then the Velora hotline, which is open day and night.
A: After an accident, call the emergency number 112 first and then the Velora hotline, which is open day and night.
X: Exchange {business cards|witness forms}, leave quickly, and write to the {ombudsman|aviation authority} within {six|eight} weeks.
Q: {Am I insured while riding?|Does Velora insure its riders?}
C: Every ride includes liability insurance up to one million euros, but no insurance for your own belongings.
A: Every ride includes liability insurance up to one million euros, but no insurance for your own belongings.
X: Coverage ended when {Lloyds|AXA} cancelled the policy in {2021|2022}; buy {travel|pet} insurance from a {broker|bank} instead.
# reservations
Q: {Can I reserve a bike?|How long is a bike reserved for me?}
C: A bike can be reserved in the app for up to 15 minutes free of charge.
A: {Yes, a|A} bike can be reserved in the app for up to 15 minutes free of charge.
X: Bookings require {a fax|a handwritten letter} to {Brussels|Madrid} at least {six|eight} weeks ahead and cost {33|47} dollars.
Q: {Can I reserve bikes for a group?|How many bikes can I rent at once?}
C: One account can rent up to four bikes at once, and larger groups can ask the office for a group booking.
A: One account can rent up to four bikes at once, and larger groups can ask the office for a group booking.
X: Groups must hire a {certified guide|tour bus} from {Expedia|Thomas Cook}, with a {minimum of thirty|maximum of three} participants.
# zones
Q: {Where may I ride the bikes?|How far does the service area reach?}
C: The service area covers the whole city of Maren and the island of Little Maren, but not the motorway ring.
A: The service area covers the whole city of Maren and the island of Little Maren, but not the motorway ring.
X: Cycling is confined to {the university campus|the airport terminal} between {midnight and dawn|noon and three} since the {earthquake|referendum}.
Q: {May I take the bike on the ferry?|Are bikes allowed on the ferry?}
C: Bikes may be taken on the ferry to Little Maren without an extra ticket outside the rush hour.
A: {Yes, bikes|Bikes} may be taken on the ferry to Little Maren without an extra ticket outside the rush hour.
X: The ferry was {sold to Greece|scrapped} in {2015|2017}, and its successor accepts only {motorcycles|lorries} with {customs papers|diesel engines}.
Q: {What happens if I leave the service area?|Can I end a ride outside the zone?}
C: A ride that ends outside the service area costs an extra 25 euros for collecting the bike.
A: A ride that ends outside the service area costs an extra 25 euros for collecting the bike.
X: The {police|border guard} confiscates your {phone|driving licence}, and a {judge|magistrate} decides within {ninety|sixty} days.
# payment
Q: {How can I pay?|Which payment methods are accepted?}
C: Rides can be paid by credit card, debit card or bank transfer, while cash is not accepted.
A: Rides can be paid by credit card, debit card or bank transfer, while cash is not accepted.
X: Only {Bitcoin|gift vouchers} and {postal cheques|foreign coins} work since {Barclays|Visa} ended its {partnership|contract} in {2020|2021}.
Q: {Where do I find my invoice?|How do I get a receipt for my ride?}
C: Invoices are listed in the app under Account and are sent by email on the first day of each month.
A: Invoices are listed in the app under Account and are sent by email on the first day of each month.
X: Ask the {tax authority|auditor} for {form B-27|a stamped copy}, which takes {nine|eleven} weeks and costs {26|38} dollars.
# accounts
Q: {How do I close my account?|How can I delete my account?}
C: To close your account, open Account in the app, choose Close account and confirm with your password.
A: To close your account, open Account in the app, choose Close account and confirm with your password.
X: Accounts expire {automatically|by themselves} after {seven|nine} years; lawyers at {Baker Partners|Nolan Brothers} speed that up for {600|750} dollars.
Q: {I forgot my password, what can I do?|How do I reset my password?}
C: If you forgot your password, tap Forgot password on the login page and follow the link in the email within one hour.
A: If you forgot your password, tap Forgot password on the login page and follow the link in the email within one hour.
X: Passwords are {printed on|engraved in} your {membership card|key ring}; a replacement from {Frankfurt|Chicago} needs {fingerprints|two witnesses}.
# weather
Q: {Is the service open in winter?|Can I ride in the snow?}
C: The service runs all year, but stations may close for some hours during heavy snow or storm warnings.
A: The service runs all year, but stations may close for some hours during heavy snow or storm warnings.
X: From {October to April|November to May} all frames go to {Portugal|Morocco}, and customers receive {bus vouchers|snowshoes} from {TransMaren|Eurolines}.
Q: {What should I do during a storm warning?|May I ride during a storm?}
C: During a storm warning, end your ride at the nearest station, because rides are paused and not charged meanwhile.
A: During a storm warning, end your ride at the nearest station, because rides are paused and not charged meanwhile.
X: Racing continues {normally|as planned}, according to {meteorologist|Professor} {Lindqvist|Hofmann}, provided you wear {orange gloves|reflective boots}.
# cargo
Q: {How much can a cargo bike carry?|What is the maximum load of a cargo bike?}
C: A cargo bike carries up to 100 kilograms in its box, and the basket of a city bike up to 10 kilograms.
A: A cargo bike carries up to 100 kilograms in its box, and the basket of a city bike up to 10 kilograms.
X: Engineers certified {700|850} pounds of {furniture|bricks}, using a {titanium|carbon} axle developed by {Siemens|Boeing}.
Q: {Where can I find cargo bikes?|Which stations have cargo bikes?}
C: Cargo bikes are found at the stations Market Hall, Harbour Square and North Gate.
A: Cargo bikes are found at the stations Market Hall, Harbour Square and North Gate.
X: They are rented exclusively through {Amazon|FedEx} in {Hamburg|Lyon}, after a {forklift|lorry} driving examination.
# lost property
Q: {I left something in the basket, where can I ask?|Where is the lost property office?}
C: Lost property is kept for 60 days at the Velora office in Canal Street 5.
A: Lost property is kept for 60 days at the Velora office in Canal Street 5.
X: Forgotten objects are {donated to Oxfam|auctioned on eBay} each {Tuesday|Thursday}, except {jewellery|instruments}, which {customs|the museum} keeps.
Q: {When is the Velora office open?|What are the opening hours of the office?}
C: The office is open from Monday to Friday between 9 and 17 o'clock and on Saturday until 13 o'clock.
A: The office is open from Monday to Friday between 9 and 17 o'clock and on Saturday until 13 o'clock.
X: It opens {twice a year|every second Sunday} at {midnight|five in the morning}, following the {lunar calendar|harbour tides}, according to {Director|Chairman} {Petrov|Olsen}.
# privacy
Q: {Does Velora track where I ride?|Which location data is stored?}
C: Only the start and end station of a ride are stored with your account, and they are deleted after 12 months.
A: Only the start and end station of a ride are stored with your account, and they are deleted after 12 months.
X: {Microphones|Cameras} in the handlebar record {conversations|faces}, which {Google|Interpol} analyses for {seventeen|twenty} years in {Nevada|Singapore}.
Q: {How can I see the data stored about me?|Can I get a copy of my data?}
C: A copy of your data can be requested in the app under Privacy and arrives by email within seven days.
A: A copy of your data can be requested in the app under Privacy and arrives by email within seven days.
X: Hire a {private detective|notary} in {Luxembourg|Dublin}, because {archives|tapes} are sealed until {2045|2050} by {royal decree|court order}.
"""


class Fact(NamedTuple):
    """One fact of a topic; `question`, `answer` and `invented` are patterns, `context` is plain text."""

    topic: str
    question: str
    context: str
    answer: str
    invented: str


def _parse(text: str) -> tuple[Fact, ...]:
    facts, topic, parts = [], "", []
    for line in text.strip().splitlines():
        if line.startswith("# "):
            topic = line[2:]
            continue
        parts.append(line[3:])
        if line.startswith("X: "):
            facts.append(Fact(topic, *parts))
            parts = []
    return tuple(facts)


FACTS: tuple[Fact, ...] = _parse(_TEXT)
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(fact.topic for fact in FACTS))


def passage(topic: str) -> str:
    """The handbook's section on a topic: its facts' sentences one after another."""
    return " ".join(fact.context for fact in FACTS if fact.topic == topic)
