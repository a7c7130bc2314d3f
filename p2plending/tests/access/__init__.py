"""The authorization matrix: every URL of the site × every kind of person, as tables that can be read.

To add a page or an endpoint, add one line to the table of its kind (and, when its URL takes arguments that
`p2plending/tests/support/places.py` can't guess, the thing of the scene there); an unlisted URL fails the suite:

    pages.txt      pages of visitors, borrowers and lenders     columns: what each person gets
    api.txt        endpoints of the API                         columns: what each person gets
    desk.txt       pages of the staff desk                      letters: which groups of staff may
    registry.txt   lists of the admin, by model                 letters: which groups of staff may

Groups of staff are seven letters in one order, a dot for a group that is refused: S support, I identity officer,
U underwriter, F finance, C collections, X compliance, A auditor. `SIUFCXA` is everybody with a group, `.I...X.` two.
Staff without a group and suspended staff are refused wherever a group is asked for; a superuser who is not suspended
may what any group may.

What a cell says:

    200 404 …   the status; 302 is a way on to another page
    sign-in     302 to the sign-in page
    may         (POST rows) not refused for who it is: it is the form or the state that decides
    404:S.UFCXA (column `staff` of pages.txt) 200 for these groups and 404 for all other staff; 404:S.UFCXA=302 when
                these groups get a 302

A row is a GET unless it begins with POST. A URL that only takes forms has a POST row alone: its GET is 405 for all.
Who is refused a GET is refused the POST of the same URL too, so most URLs need one row.

The people of the columns are built in `people.py`. `new` and `suspended stranger` have the role of the page's owner;
a suspended stranger gets what any stranger of that role gets, so there is no column for them.
"""
