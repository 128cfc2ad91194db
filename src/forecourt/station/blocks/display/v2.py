"""Display messages in the words of 2.0.1 and 2.1. 1.6 has none."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station.blocks.display import actions
from forecourt.station.blocks.display.model import Notice, NoticesPart, Text
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name, table
from forecourt.station.dialects import Hears, Said, Says

_LANGUAGE: Final = Name("DisplayMessageCtrlr", "Language")


def on_set(station: Station, call: v2.SetDisplayMessage) -> v2.SetDisplayMessageResponse:
    """O01, O02, O06. There is one display, of the station as a whole."""
    told = call.message
    if told.display is not UNSET:
        info = v2.StatusInfo(reason_code="UnsupportedParam", additional_info="one display, which has no name")
        return v2.SetDisplayMessageResponse(status="Rejected", status_info=info)
    extra = () if told.message_extra is UNSET else told.message_extra
    texts = tuple(_text(content) for content in (told.message, *extra))
    # O01.FR.18: 2.0.1 has neither the variable nor the word.
    languages = table()[_LANGUAGE].choices
    spoken = {text.language.split("-")[0] for text in texts if text.language is not None}
    if station.dialect.version is V21 and not spoken <= set(languages):
        return v2.SetDisplayMessageResponse(status="LanguageNotSupported")
    notice = Notice(
        id=told.id,
        priority=told.priority,
        texts=texts,
        state=None if told.state is UNSET else told.state,
        start_at=None if told.start_date_time is UNSET else told.start_date_time,
        end_at=None if told.end_date_time is UNSET else told.end_date_time,
        transaction_id=None if told.transaction_id is UNSET else told.transaction_id,
    )
    return v2.SetDisplayMessageResponse(status=cast(v2.DisplayMessageStatus, actions.set_notice(station, notice)))


def on_get(station: Station, call: v2.GetDisplayMessages) -> v2.GetDisplayMessagesResponse:
    """O03, O04."""

    def wanted(notice: Notice) -> bool:
        return (
            (call.id is UNSET or notice.id in call.id)
            and call.priority in (UNSET, notice.priority)
            and call.state in (UNSET, notice.state)
        )

    found = actions.report(station, call.request_id, wanted)
    return v2.GetDisplayMessagesResponse(status="Accepted" if found else "Unknown")


def on_clear(station: Station, call: v2.ClearDisplayMessage) -> v2.ClearDisplayMessageResponse:
    """O05."""
    return v2.ClearDisplayMessageResponse(status="Accepted" if actions.clear(station, call.id) else "Unknown")


def say_part(station: Station, part: NoticesPart) -> v2.NotifyDisplayMessages:
    """What was set in 2.1 only, as more languages, is left out where the version has no words for it."""
    versed = station.dialect.version is V21
    return v2.NotifyDisplayMessages(
        request_id=part.request_id,
        tbc=part.more,
        message_info=tuple(_info(notice, versed=versed) for notice in part.notices),
    )


def _text(content: v2.MessageContent) -> Text:
    language = None if content.language is UNSET else content.language
    return Text(form=content.format, content=content.content, language=language)


def _content(text: Text) -> v2.MessageContent:
    return v2.MessageContent(
        format=cast(v2.MessageFormat, text.form),
        content=text.content,
        language=UNSET if text.language is None else text.language,
    )


def _info(notice: Notice, *, versed: bool) -> v2.MessageInfo:
    first, *extra = (_content(text) for text in notice.texts)
    return v2.MessageInfo(
        id=notice.id,
        priority=cast(v2.MessagePriority, notice.priority),
        message=first,
        message_extra=tuple(extra) if extra and versed else UNSET,
        state=UNSET if notice.state is None else cast(v2.MessageState, notice.state),
        start_date_time=UNSET if notice.start_at is None else notice.start_at,
        end_date_time=UNSET if notice.end_at is None else notice.end_at,
        transaction_id=UNSET if notice.transaction_id is None else notice.transaction_id,
    )


HEARS: Final[Hears] = {
    v2.SetDisplayMessage: on_set,
    v2.GetDisplayMessages: on_get,
    v2.ClearDisplayMessage: on_clear,
}
SAYS: Final[Says] = {NoticesPart: Said(v2.NotifyDisplayMessages, say_part)}
