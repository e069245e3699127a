from greet.cli import text


def test_text():
    assert text("Ada") == "Good morning, Ada."
