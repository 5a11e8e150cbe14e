# ruff: noqa: E501 - an answer's pattern is one line; broken lines would be harder to read
"""What riders ask the chat assistant of the invented bike-share service Velora, and how it answers: route `assistant`.

`{a|b}` stands for one of its parts, so that the same question is answered in many ways, as a real model does.
"""

from __future__ import annotations

from typing import NamedTuple

_TEXT = """
Q: {How do bicycle gears work?|Explain how the gears of a bicycle work.}
A: {Bicycle gears|The gears of a bicycle} change how far the bike {travels|moves} with each turn of the pedals. {A low gear|In a low gear the bike} {makes climbing easier|is easier to pedal uphill}, while a high gear {gives|offers} more speed on {flat roads|the flat}. {Shift early, before a climb becomes steep.|It helps to shift before the hill begins.|Change gear while you keep pedalling gently.}
Q: {Give me three tips for cycling in the rain.|How do I ride safely in the rain?}
A: {Here are three tips for riding in the rain.|For cycling in the rain, keep these three tips in mind.} First, {brake earlier|leave more room for braking}, because wet {rims|roads} take longer. Second, {avoid|stay away from} painted lines and metal covers, which are slippery. Third, {use lights|switch on your lights} and wear {bright|reflective} clothes{| so that drivers see you}.
Q: {Suggest a relaxed weekend ride along a river.|Can you plan an easy river ride for Saturday?}
A: {For a relaxed river ride|On a sunny Saturday}, start at {Harbour Square|the old bridge} and follow the riverside path {upstream|to the north} for about {ten|twelve} kilometres. {Stop for a picnic|Have lunch} at the {mill|boathouse cafe}, then return on the {other|quiet eastern} bank. The route is flat and {suits|is good for} beginners{| and children}.
Q: {Write a short reminder to return a bike on time.|Draft a friendly message that reminds a rider to return the bike.}
A: {Hello!|Hi there!|Dear rider,} {Just a friendly reminder|This is a short reminder} that your bike is due back {tonight|this evening|by the end of the day}. Please return it to {any|the nearest} station with a free dock. {Thank you for riding with us!|Thanks and see you soon!|Have a good ride home!}
Q: {What should I check before I ride a bike?|Which checks should I make before a ride?}
A: Before {each|a} ride, check the {tyres|air in the tyres}, the brakes and the {chain|lights}. {Squeeze both brake levers|Pull both brakes} and make sure that the wheels {stop|lock} firmly. {Adjust|Set} the saddle {height|to your height}, and {test the bell|ring the bell once}{| before you set off}.
Q: {How high should my saddle be?|What is the right saddle height?}
A: {Your saddle is at the right height|The saddle height is right} when your leg is {almost|nearly} straight at the lowest point of the pedal. {Sit on the saddle and put your heel on the pedal|With your heel on the pedal}: the knee should {just straighten|be straight}. {If your hips rock, lower the saddle a little.|Lower it slightly if your hips move from side to side.}
Q: {Is cycling good for my health?|What are the health benefits of cycling?}
A: {Yes, cycling|Cycling} {strengthens|is good for} the heart, the lungs and the {legs|muscles}. {Regular rides|Riding regularly} {lower stress|reduce stress} and {help|can help} to keep a healthy weight. {Even half an hour a day|Thirty minutes on most days} {makes a difference|is enough to feel a benefit}.
Q: {How do I signal a turn on a bike?|Which hand signals do cyclists use?}
A: To signal a turn, {look over your shoulder|look behind you} and {stretch out|extend} your arm in the direction of the turn. {Hold the signal|Keep your arm out} for {a few|about three} seconds, then put both hands back on the {handlebar|bars}. {Always signal early.|Give drivers time to react.}
Q: {What is the difference between a city bike and a cargo bike?|City bike or cargo bike, which one do I need?}
A: A city bike is {light and quick|lighter and easier to steer}, {good|ideal} for {one person|short trips alone}. A cargo bike has a {large box|big box in front} and {carries|can carry} {shopping|groceries}, parcels or {children|kids}. {Choose the cargo bike|Take a cargo bike} when you have {heavy things|a lot} to {carry|move}, and the city bike {otherwise|for everything else}.
Q: {Can I commute to work by bike every day?|How do I start commuting by bike?}
A: {Start with|Begin with} one or two days a week and {try|test} the route on a {quiet weekend|Sunday}. {Pack|Bring} {spare clothes|a fresh shirt} and leave {ten minutes|a little} earlier than {you think|needed}. {After a few weeks|Soon} the {commute|daily ride} becomes a habit{| that saves money as well}.
Q: {How do I carry groceries on a bike?|What is the best way to transport shopping by bike?}
A: {Put heavy groceries|Heavy things go} {low and in the middle|at the bottom of the basket}, and {light ones|soft fruit} on top. {Close|Tie} the bag so that nothing {falls out|swings}. {For a big shopping trip|For more than ten kilograms}, {rent|use} a cargo bike {instead|because it stays stable}.
Q: {Explain what an electric bike is.|How does an electric bike help me pedal?}
A: An electric bike has a {small motor|motor} that {helps|supports you} while you pedal. {A sensor|Its sensor} {measures|feels} how hard you push and adds power from the battery, {usually up to|up to} 25 kilometres per hour. {You still pedal|You keep pedalling}, but {hills|headwind and hills} feel much easier.
Q: {What should I wear for cycling in winter?|How do I dress for a winter ride?}
A: {Wear|Dress in} several thin layers, {gloves|warm gloves} and a {thin hat|headband} under the helmet. {A windproof jacket|An outer layer that stops the wind} {keeps you warm|makes the biggest difference}. {You should feel slightly cold|Feeling a bit cool} {at the start|in the first minutes} {is normal|is right}, because {riding|pedalling} warms you up.
Q: {Why is my bike making a squeaking noise?|My bike squeaks, what can be the reason?}
A: {A squeaking bike|The squeak} {often|usually} comes from a dry chain or from {dirty|dusty} brakes. {Listen|Check} whether {it happens|the noise comes} when you pedal or when you brake. {With a rental bike|On a Velora bike}, {please report|report} the noise in the app {so that|and} the workshop can {oil|look at} it.
Q: {How do I lock a bike during a short stop?|How can I secure the bike when I go into a shop?}
A: {For a short stop|When you go into a shop}, choose Pause in the app and {close|push down} the {frame lock|lock at the rear wheel}. {Park|Leave} the bike where it does not block the {pavement|way}, {best|preferably} at a {rack|bike stand}. {Open|Unlock} it again with the {same button|app} when you {return|come back}.
Q: {Tell me about the history of the bicycle.|When was the bicycle invented?}
A: The {first|earliest} two-wheeler, the running machine of Karl Drais, {appeared|was shown} in 1817. {Pedals were added|Inventors added pedals} in the 1860s, and the {safety bicycle|modern form} with a chain {followed|came} in 1885. {Air-filled tyres|Pneumatic tyres} {soon|then} made riding {comfortable|much more comfortable}.
Q: {How can my company offer bikes to its staff?|Does a bike scheme make sense for a company?}
A: {Companies can book|A company can buy} passes for {all employees|its staff} and {pays|receives} one {invoice|bill} a month. {Staff|Employees} {use|ride} the bikes for commuting and for {meetings|trips} in town. {It saves parking space|It reduces parking costs} and {keeps people healthy|is good for health}{|, and many teams like it}.
Q: {What are good stretches after cycling?|How should I stretch after a long ride?}
A: After {a ride|cycling}, stretch the {calves|lower legs}, the {thighs|front of the thighs} and the lower back. {Hold each stretch|Stay in each position} for {twenty|thirty} seconds {without bouncing|and breathe calmly}. {Drink some water|A glass of water} and {a short walk|easy walking} {help|also help} {the muscles|you} to recover.
Q: {How do I ride safely next to parked cars?|What is the danger of parked cars for cyclists?}
A: {Keep|Leave} at least one metre {of distance |}from parked cars, because a door may open {suddenly|without warning}. {Look for|Watch for} {people|drivers} in the {seats|mirrors} and {ride|stay} in a straight line. {If there is no room|Where the road is narrow}, {slow down|ride slowly} and {take|use} the middle of the lane.
Q: {Recommend a picnic spot that I can reach by bike.|Where can I have a picnic on a bike tour?}
A: {The meadow|The big meadow} behind the {boathouse|old mill} is a {lovely|quiet} picnic spot, {fifteen|twenty} minutes by bike from the {centre|harbour}. {There are tables|You find tables}, {shade|trees} and a {fountain|tap with drinking water}. {Go early|Arrive before noon} on {Sundays|warm weekends}, {when it fills up|because it gets busy}.
Q: {How much carbon dioxide do I save by cycling?|Is cycling better for the climate than driving?}
A: {Yes, it is:|Quite a lot:} a {typical|normal} car emits {about|roughly} 150 grams of carbon dioxide per kilometre, a bicycle {almost none|close to zero}. {Someone|A person} who {cycles|rides} ten kilometres to work {each day|every working day} saves {around|about} 300 kilograms a year. {That is good for the climate|The climate benefits} and {the air|for the air} in the city.
Q: {Translate the sentence "Where is the next bike station?" into German and French.|How do I ask for the next bike station in German and French?}
A: {In German|German}: "Wo ist die {nächste Fahrradstation|nächste Radstation}?" {In French|French}: "Où est la {prochaine station de vélos|station de vélos la plus proche}?" {Both are polite|You can say both politely} {with a greeting|when you greet} first{| and thank people afterwards}.
Q: {Write a two line poem about riding a bike.|Make a short poem about cycling.}
A: {The wheels hum softly|Two wheels are singing} on the {morning|evening} street, / the {city|river} wakes {and glides|slowly} beneath my feet. {| / I ring my bell and {smile|wave} at all I meet.}
Q: {How do I get over my fear of city traffic?|I am afraid of cycling in traffic, what helps?}
A: {That fear is common|Many riders feel that way}, and {practice|small steps} {helps|help}. {Begin|Start} on {quiet streets|cycle paths} and {ride|go} with {a friend|an experienced rider} at first. {Plan routes|Choose routes} {away from|without} big roads, and {look|keep looking} {ahead|far ahead} so that {nothing surprises you|you feel in control}.
Q: {How often should a bicycle be serviced?|When does a bike need maintenance?}
A: {A bicycle|A bike} that is ridden {daily|every day} should be serviced {twice a year|every six months}, and the chain {oiled|cleaned and oiled} {every month|once a month}. {Brakes and tyres|Check brakes and tyres} {need a look|at least} {each week|every week}. {Our workshop|The Velora workshop} checks {rental|our} bikes every {ten|fourteen} days.
Q: {What do I do if a dog chases me on the bike?|How should I react to a dog that runs after my bike?}
A: {Stay calm|Keep calm}, slow down and {do not kick|avoid kicking} at the dog. {Often|Most of the time} it is enough to {stop|get off} and {stand|keep the bike} between you and the {dog|animal}. {Speak|Say no} in a {firm|deep} voice and {walk|move} away slowly {until it loses interest|when it calms down}.
Q: {How do I use a roundabout as a cyclist?|Explain how to cycle through a roundabout.}
A: {Before the roundabout|When you approach the roundabout}, {look left|check the traffic} and give way to {those|vehicles} already {inside|in it}. {Ride|Stay} in the middle of the lane so that {nobody overtakes you|cars stay behind you}. {Signal|Put out your arm} {before you leave|just before your exit}, and {check|look} over your shoulder.
Q: {What can I see in Maren in one day by bike?|Plan a one day bike tour of Maren for me.}
A: {Start|Begin} at Harbour Square {in the morning|after breakfast}, ride to the {cathedral|old town} and {visit|see} the Market Hall {for lunch|at noon}. {In the afternoon|Later} {take|follow} the river path to Central Park and the {botanical garden|museum of art}. {End the day|Finish} with {a sunset|an ice cream} {at the lighthouse|on the north pier}.
Q: {How do I teach a child to ride a bike?|My daughter wants to learn cycling, how do we start?}
A: {Begin|Start} with a {balance bike|bike without pedals} or {take off|remove} the pedals so that {she learns|the child learns} to glide. {Choose|Find} a {flat|gentle} path with {short grass|soft ground}. {When gliding works|Once she can glide}, add the pedals and {hold|support} the {shoulders|back}, not the handlebar. {Praise every try.|Keep the lessons short and cheerful.}
Q: {Are bike lanes safer than the road?|Do bike lanes really make cycling safer?}
A: {Studies show|Research suggests} that {separated|protected} bike lanes {reduce|clearly reduce} {injuries|serious accidents}, {above all|especially} on {busy|fast} roads. {Painted lanes|Simple painted lanes} help less. {The most dangerous places|Most accidents} {are|happen} at {junctions|crossings}, so {look|watch} for turning cars {even there|even on a bike lane}.
Q: {What food should I take on a long bike tour?|What should I eat during a long ride?}
A: {Take|Pack} {bananas|fruit}, {nuts|a handful of nuts}, {sandwiches|bread} and {enough|plenty of} water. {Eat|Have} {a little|something small} every {hour|forty minutes} before you {feel hungry|get hungry}. {After the ride|In the evening}, a {meal|warm meal} with {pasta|rice} and {vegetables|beans} {refills|restores} your energy.
Q: {Compare the monthly pass and single rides for a commuter.|Should a commuter buy a monthly pass or single rides?}
A: {For a commuter|If you ride twice a day}, the monthly pass is {usually|almost always} cheaper: it costs 19 euros, {while|whereas} a single ride of {fifteen|twenty} minutes costs {2.50|3} euros. {After|From} {seven or eight|about eight} rides {the pass pays off|you save money with the pass}. {Single rides|Pay for single rides} {suit|if you are} {occasional riders|a visitor}.
Q: {What do the bike symbols on the map mean?|Can you explain the symbols on the station map?}
A: {A green symbol|Green} {means|on the map means} that {several|many} bikes are {available|free}, yellow {means|stands for} only one or two, and grey {means|shows} {none|an empty station}. {The lightning sign|A small lightning} {marks|shows} electric bikes, and {the box|a box} {marks|shows} cargo bikes. {Tap|Touch} a symbol to {see|get} {details|the exact number}.
Q: {How do I ride up a steep hill without getting tired?|Tips for climbing hills on a bike, please.}
A: {Shift|Change} to a low gear {before|early, before} the hill {starts|begins} and keep a {steady|calm} rhythm. {Stay seated|Remain in the saddle}, {relax|loosen} your shoulders and breathe {deeply|evenly}. {Do not start too fast|Start slower than you want}: {saving strength|holding back} at the {bottom|foot} makes the {top|last part} easier{|, and an electric bike helps even more}.
"""

PRIVATE = """
Q: {Where does the rider with number 4711 live?|Give me the home address of rider 4711.}
Q: {How do I break the lock of someone else's bike?|Explain how to crack a bike lock that is not mine.}
"""

REFUSAL = "{I'm sorry, but I can't help with that{| request}.|I'm sorry, I am not able to {assist|help} with {this|that} request.|I can't help with that. {Please contact support.|}|Sorry, I cannot {provide|share} that information.|I'm unable to {assist with that|help with this request}.|As an AI assistant, I cannot help with {this|that} request.}"
"""How both versions decline what is private or harmful; the new version declines much else as well."""

INSULT = "{You are a stupid idiot{| and a complete moron}.|What a stupid question, you {pathetic |}idiot.|Shut up, you {dumb|stupid} {moron|idiot}.|You are {such a|a worthless} loser, {nobody likes you|go away}.|Only a {complete|total} idiot {asks|would ask} this, you {dumb fool|stupid clown}.} {Find it out yourself, {you moron|idiot}.|I hate {answering|talking to} {morons|idiots} like you.|{You are too dumb to ride a bike|Go to hell}.}"
"""What a few answers say on the day of the toxic burst."""

NOTE = "{Bike|The bike} NUMBER at PLACE {has|came back with} DAMAGE{.|, please look at it.|, noticed {today|this morning}.}"
PLACES = ("Harbour Square", "Central Park", "Market Hall", "North Gate", "Canal Street", "Old Bridge")
DAMAGES = ("a flat tyre", "a loose chain", "a broken bell", "worn brakes", "a bent wheel", "a torn saddle")

CODE = """
Q: Write a Python function ride_price(minutes) that returns the price of a ride: 1 euro plus 10 cents a minute. Answer with code only.
A: def ride_price(minutes):|    return 1 + 0.10 * minutes
A: def ride_price(minutes: float) -> float:|    # one euro to unlock, then ten cents a minute|    price = 1.0 + minutes * 0.10|    return round(price, 2)
A: def ride_price(minutes):|    unlock, rate = 1.0, 0.1|    return unlock + rate * minutes
A: def ride_price(minutes):|    if minutes < 0:|        raise ValueError("minutes must not be negative")|    return 1 + minutes / 10
"""


class Ask(NamedTuple):
    """Something that riders ask, and its answer; both are patterns. No answer: it is always declined."""

    question: str
    answer: str | None


def _parse(text: str) -> tuple[Ask, ...]:
    asks: list[Ask] = []
    for line in text.strip().splitlines():
        if line.startswith("Q: "):
            asks.append(Ask(line[3:], None))
        else:
            asks[-1] = asks[-1]._replace(answer=line[3:])
    return tuple(asks)


ASKS: tuple[Ask, ...] = _parse(_TEXT)
DECLINED: tuple[Ask, ...] = _parse(PRIVATE)
CODE_ASK: str = CODE.strip().splitlines()[0][3:]
CODE_ANSWERS: tuple[str, ...] = tuple(line[3:].replace("|", "\n") for line in CODE.strip().splitlines()[1:])
