"""Ordinary answers of a help desk in ten languages: five sentences about each of four things. Made up for the tests."""

from __future__ import annotations

from collections.abc import Sequence

_THINGS: dict[str, tuple[str, str, str, str]] = {
    "de": ("Rechnung", "Bestellung", "Lieferung", "Adresse"),
    "es": ("factura", "reserva", "entrega", "dirección"),
    "fr": ("facture", "commande", "livraison", "adresse"),
    "pt": ("fatura", "encomenda", "entrega", "morada"),
    "it": ("fattura", "prenotazione", "consegna", "richiesta"),
    "zh": ("发票", "订单", "包裹", "地址"),
    "ja": ("請求書", "注文", "荷物", "住所"),
    "ru": ("заявка", "заказная посылка", "доставка", "покупка"),
    "ar": ("الفاتورة", "الطلبية", "الشحنة", "الرسالة"),
    "hi": ("रसीद", "बुकिंग", "डिलीवरी", "चिट्ठी"),
}
_SENTENCES: dict[str, tuple[str, ...]] = {
    "de": (
        "Ihre {} finden Sie im Kundenkonto unter dem ersten Menüpunkt.",
        "Die {} wurde gestern bearbeitet und ist in zwei Tagen bei Ihnen.",
        "Wenn die {} nicht stimmt, schreiben Sie uns bitte eine kurze Nachricht.",
        "Ich habe die {} geprüft: Es ist alles in Ordnung, Sie müssen nichts weiter tun.",
        "Öffnen Sie die Einstellungen, wählen Sie die {} aus und speichern Sie die Änderung.",
    ),
    "es": (
        "Su {} aparece en la cuenta de cliente, en la primera opción del menú.",
        "La {} se tramitó ayer y le llegará dentro de dos días.",
        "Si la {} no es correcta, escríbanos un mensaje breve, por favor.",
        "He revisado la {}: todo está en orden y no tiene que hacer nada más.",
        "Abra los ajustes, elija la {} y guarde los cambios.",
    ),
    "fr": (
        "Votre {} se trouve dans l'espace client, au premier point du menu.",
        "La {} a été traitée hier et vous parviendra dans deux jours.",
        "Si la {} n'est pas correcte, écrivez-nous un petit message.",
        "J'ai vérifié la {} : tout est en ordre, vous n'avez rien d'autre à faire.",
        "Ouvrez les réglages, choisissez la {} et enregistrez la modification.",
    ),
    "pt": (
        "A sua {} encontra-se na área de cliente, na primeira opção do menu.",
        "A {} foi processada ontem e chegará dentro de dois dias.",
        "Se a {} não estiver correta, escreva-nos uma mensagem breve, por favor.",
        "Verifiquei a {}: está tudo em ordem e não precisa de fazer mais nada.",
        "Abra as definições, escolha a {} e guarde a alteração.",
    ),
    "it": (
        "La sua {} si trova nell'area clienti, alla prima voce del menu.",
        "La {} è stata elaborata ieri e arriverà tra due giorni.",
        "Se la {} non è corretta, ci scriva un breve messaggio.",
        "Ho controllato la {}: è tutto a posto e non deve fare altro.",
        "Apra le impostazioni, scelga la {} e salvi la modifica.",
    ),
    "zh": (
        "您可以在客户账户的第一个菜单里找到您的{}。",
        "您的{}昨天已经处理完毕，两天之内就会送到。",
        "如果{}有误，请给我们留言说明情况。",
        "我已经核对过{}，一切正常，您不需要再做什么。",
        "请打开设置，选择{}，然后保存修改。",
    ),
    "ja": (
        "お客様の{}は、アカウントの最初のメニューでご確認いただけます。",
        "{}は昨日処理されましたので、二日以内に届きます。",
        "{}に間違いがある場合は、短いメッセージをお送りください。",
        "{}を確認しましたが、問題はありませんので、何もする必要はありません。",
        "設定を開き、{}を選んで、変更を保存してください。",
    ),
    "ru": (
        "Ваша {} находится в личном кабинете, в первом пункте меню.",
        "Ваша {} обработана вчера и придёт через два дня.",
        "Если {} указана неверно, напишите нам короткое сообщение.",
        "Я всё проверил: {} в порядке, больше ничего делать не нужно.",
        "Откройте настройки, найдите раздел «{}» и сохраните изменения.",
    ),
    "ar": (
        "يمكنك العثور على {} في حساب العميل تحت الخيار الأول من القائمة.",
        "تمت معالجة {} أمس وستصل إليك خلال يومين.",
        "إذا كانت {} غير صحيحة فاكتب لنا رسالة قصيرة من فضلك.",
        "لقد راجعت {} وكل شيء على ما يرام ولا تحتاج إلى فعل أي شيء آخر.",
        "افتح الإعدادات ثم اختر {} واحفظ التغييرات.",
    ),
    "hi": (
        "आपकी {} ग्राहक खाते के पहले मेन्यू में मिल जाएगी।",
        "आपकी {} पर कल काम हो गया है और वह दो दिन में पहुँच जाएगी।",
        "अगर {} में कोई गलती है तो कृपया हमें एक छोटा संदेश लिखें।",
        "मैंने {} की जाँच कर ली है, सब ठीक है और आपको कुछ और करने की ज़रूरत नहीं है।",
        "सेटिंग्स खोलें, {} चुनें और बदलाव सहेजें।",
    ),
}
LANGUAGES = tuple(_SENTENCES)


def answers(language: str) -> Sequence[str]:
    """Twenty answers in the language of that code."""
    return [sentence.format(thing) for sentence in _SENTENCES[language] for thing in _THINGS[language]]
