"""News files: items of the week beside the numbers, as text; hostile files are refused in a sentence."""

import json

import pytest

from narrows.claims.news import week_news
from narrows.cli import main
from narrows.errors import DataError, UsageError
from narrows.market import feeds
from narrows.market.recap import recap
from narrows.report.recap import recap_html, recap_markdown

ACCEPTED = (
    "A news file is RSS 2.0 or Atom, without entity declarations, at most 8,388,608 bytes and 5,000 items. "
    "Save the feed again, or name another file with --news."
)
HOSTILE = "**x** <script>alert(1)</script> [b](javascript:c) | `d`"


def item(title, day="Fri, 01 May 2026 09:30:00 -0400", link="https://example.org/a"):
    title, link = (text.replace("&", "&amp;").replace("<", "&lt;") for text in (title, link))
    return f"<item><title>{title}</title><link>{link}</link><pubDate>{day}</pubDate></item>"


def rss(*items):
    return f"<rss version='2.0'><channel><title>Wire</title>{''.join(items)}</channel></rss>"


@pytest.fixture
def write(tmp_path):
    def one(text, name="news.xml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return one


@pytest.fixture(scope="module")
def found():
    return recap("2026-05-01")


def test_items_of_the_week_are_chosen_by_the_names_in_their_titles(write, found):
    file = write(
        rss(
            item("Nothing named", link="https://example.org/1"),
            item("Energy leads as the S&P 500 sets a record", link="https://example.org/2"),
            item("S&P 500 closes higher", link="https://example.org/3"),
            item("Intel reports", link="https://example.org/4"),
            item("S&P 500 before", "Sun, 26 Apr 2026 12:00:00 GMT", "https://example.org/5"),
            item("No date", "soon", "https://example.org/6"),
            item("No link", link="javascript:alert(1)"),
        )
    )
    news = week_news([file], found)
    assert [one.item.link[-1] for one in news.items] == ["2", "3", "4", "1"]
    assert set(news.items[0].names) == {"SPX", "sector.energy"}
    assert (news.in_week, news.outside, news.left_out) == (4, 1, 2)
    assert news.items[0].item.published.isoformat() == "2026-05-01T13:30:00+00:00"
    assert news.items[0].item.source == "Wire"


def test_atom_is_read_and_a_link_is_listed_once(write, found):
    entry = (
        "<entry><title type='html'>Nasdaq Composite up</title><link rel='self' href='https://example.org/s'/>"
        "<link href='https://example.org/a?b=1&amp;c=2'/><updated>2026-04-28T10:00:00Z</updated></entry>"
    )
    text = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title>{entry}{entry}</feed>"
    (one,) = week_news([write(text)], found).items
    assert (one.item.link, one.item.source, one.names) == (
        "https://example.org/a?b=1&c=2",
        "Paper",
        ("IXIC",),
    )


def test_at_most_ten_are_listed_and_the_evening_of_friday_counts(write, found):
    file = write(
        rss(*(item("a", "Sat, 02 May 2026 01:00:00 GMT", f"https://example.org/{k}") for k in range(12)))
    )
    news = week_news([file], found)
    assert (len(news.items), news.in_week) == (10, 12)


def test_hostile_titles_stay_text(write, found):
    feed = rss(item(HOSTILE, link='https://example.org/"><script>'))
    news = week_news([write(feed)], found)
    page, text = recap_html(found, news), recap_markdown(found, news)
    assert "<script" not in page
    assert "<strong>x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [b](javascript:c)" in page
    assert r"\*\*x\*\* \<script\>alert(1)\</script\> \[b\](javascript:c) \| \`d\`" in text
    assert "<https://example.org/%22%3E%3Cscript%3E>" in text


def test_without_news_the_recap_is_as_it_was(write, found):
    news = week_news([write(rss(item("S&P 500 &amp; more")))], found)
    text, more = recap_markdown(found), recap_markdown(found, news)
    section = more[more.index("## Read That Week") : more.index("---\n\nWeek ended")]
    assert more.replace(section, "") == text
    assert "because" not in section
    assert "S&P 500 \\&amp; more" in section
    assert "1 listed" in section


def test_command_line(write, capsys):
    file = write(rss(item("Energy leads")))
    assert main(["market", "recap", "2026-05-01", "--json", "--news", file, file]) == 0
    news = json.loads(capsys.readouterr().out)["news"]
    assert news["items"] == [
        {
            "published": "2026-05-01T13:30:00+00:00",
            "title": "Energy leads",
            "source": "Wire",
            "link": "https://example.org/a",
            "names": ["sector.energy"],
        }
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not xml", "is no XML: syntax error: line 1, column 0"),
        ("<rss><channel>", "is no XML: no element found: line 1, column 14"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><rss/>', "declares an entity"),
        ('<!DOCTYPE r [<!ENTITY % a SYSTEM "file:///etc/hosts"> %a;]><rss/>', "declares an entity"),
        ("<html><body/></html>", "is XML, but no feed"),
        ("<rss>" + "<a>" * 60, "nests deeper than 50 elements"),
    ],
)
def test_what_is_no_feed_is_refused(write, found, content, why):
    file = write(content)
    with pytest.raises(DataError) as refused:
        week_news([file], found)
    assert str(refused.value) == f"The news file {file!r} {why}. {ACCEPTED}"


def test_too_much_is_refused(write, found, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_ITEMS", 2)
    file = write(rss(*(item("a") for _ in range(3))))
    with pytest.raises(DataError, match="holds more than 2 items"):
        week_news([file], found)
    monkeypatch.setattr(feeds, "LARGEST_BYTES", 10)
    with pytest.raises(DataError, match="is larger than 10 bytes"):
        week_news([file], found)


def test_no_item_in_the_week_and_no_file_are_refused(write, found, tmp_path):
    file = write(rss(item("a", "Fri, 08 May 2026 09:30:00 GMT"), item("b", "")))
    with pytest.raises(DataError) as refused:
        week_news([file], found)
    assert str(refused.value) == (
        "No item of the news files is dated from 2026-04-27 to 2026-05-01. Items of the week are listed; with "
        "another date: 1; without a title, a date or a link: 1. Name a feed of that week, or leave out --news."
    )
    with pytest.raises(DataError) as refused:
        week_news([tmp_path], found)
    assert str(refused.value) == (f"The news file {str(tmp_path)!r} is no file that can be read. {ACCEPTED}")
    with pytest.raises(UsageError):
        week_news([], found)
