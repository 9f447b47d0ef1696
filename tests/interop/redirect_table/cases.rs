//! The lines of the table.

use super::{Case, case, unlike};

/// The table.
pub(super) const CASES: &[Case] = &[
    // Which statuses are redirects (RFC 9110 §15.4): 300 offers a choice, 304 is about a copy, 305
    // and 306 are given up.
    case(
        "-L /a",
        &["A /a 301 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 307 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 308 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    unlike(
        "-L /a",
        &["A /a 300 | Location: /b"],
        "ok 300",
        &["A GET /a"],
        &["A GET /a", "A GET /b"],
    ),
    unlike(
        "-L /a",
        &["A /a 304 | Location: /b"],
        "ok 304",
        &["A GET /a"],
        &["A GET /a", "A GET /b"],
    ),
    unlike(
        "-L /a",
        &["A /a 305 | Location: /b"],
        "ok 305",
        &["A GET /a"],
        &["A GET /a", "A GET /b"],
    ),
    unlike(
        "-L /a",
        &["A /a 306 | Location: /b"],
        "ok 306",
        &["A GET /a"],
        &["A GET /a", "A GET /b"],
    ),
    case("/a", &["A /a 302 | Location: /b"], "ok 302", &["A GET /a"]),
    // By which method. curl keeps the word of -X and drops the body.
    case(
        "-L -d data /a",
        &["A /a 301 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "A GET /b",
        ],
    ),
    case(
        "-L -d data /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "A GET /b",
        ],
    ),
    case(
        "-L -d data /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "A GET /b",
        ],
    ),
    case(
        "-L -d data /a",
        &["A /a 307 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "A POST /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    case(
        "-L -d data /a",
        &["A /a 308 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "A POST /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    unlike(
        "-L -X PUT -d data /a",
        &["A /a 301 | Location: /b"],
        "ok 200",
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b type=application/x-www-form-urlencoded body=data",
        ],
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b",
        ],
    ),
    unlike(
        "-L -X PUT -d data /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b type=application/x-www-form-urlencoded body=data",
        ],
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b",
        ],
    ),
    unlike(
        "-L -X PUT -d data /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A GET /b",
        ],
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b",
        ],
    ),
    case(
        "-L -X PUT -d data /a",
        &["A /a 307 | Location: /b"],
        "ok 200",
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "A PUT /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    case(
        "-L -I /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &["A HEAD /a", "A HEAD /b"],
    ),
    case(
        "-L -I /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A HEAD /a", "A HEAD /b"],
    ),
    unlike(
        "-L -X POST /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A POST /a", "A GET /b"],
        &["A POST /a", "A POST /b"],
    ),
    unlike(
        "-L -X POST /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &["A POST /a", "A GET /b"],
        &["A POST /a", "A POST /b"],
    ),
    case(
        "-L -X POST /a",
        &["A /a 307 | Location: /b"],
        "ok 200",
        &["A POST /a", "A POST /b"],
    ),
    unlike(
        "-L -X DELETE /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &["A DELETE /a", "A GET /b"],
        &["A DELETE /a", "A DELETE /b"],
    ),
    case(
        "-L -X PURGE /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A PURGE /a", "A PURGE /b"],
    ),
    case(
        "-L -X DELETE /a",
        &["A /a 308 | Location: /b"],
        "ok 200",
        &["A DELETE /a", "A DELETE /b"],
    ),
    case(
        "-L -G -d q=1 /a",
        &["A /a?q=1 307 | Location: /b"],
        "ok 200",
        &["A GET /a?q=1", "A GET /b"],
    ),
    unlike(
        "-L -d data -H Content-Type:_text/x /a",
        &["A /a 303 | Location: /b"],
        "ok 200",
        &["A POST /a type=text/x body=data", "A GET /b"],
        &["A POST /a type=text/x body=data", "A GET /b type=text/x"],
    ),
    case(
        "-L -F f=v /a",
        &["A /a 307 | Location: /b"],
        "ok 200",
        &[
            "A POST /a type=multipart/form-data body=form",
            "A POST /b type=multipart/form-data body=form",
        ],
    ),
    // What is the user's own goes to the user's origin only, and not again after the way led
    // elsewhere. curl withholds credentials and cookies, and sends other fields everywhere.
    case(
        "-L -u alice:pw -H X-Key:_k -A me/1 -b c=1 /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "A GET /b auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
        ],
    ),
    unlike(
        "-L -u alice:pw -H X-Key:_k -A me/1 -b c=1 /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "B GET /b",
        ],
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "B GET /b cookie=c=1 key=k agent",
        ],
    ),
    unlike(
        "-L -u alice:pw -H X-Key:_k -A me/1 -b c=1 /a",
        &[
            "A /a 302 | Location: http://{B}/b",
            "B /b 302 | Location: http://{A}/c",
        ],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "B GET /b",
            "A GET /c",
        ],
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "B GET /b cookie=c=1 key=k agent",
            "A GET /c cookie=c=1 key=k agent",
        ],
    ),
    case(
        "--location-trusted -u alice:pw -H X-Key:_k -A me/1 -b c=1 /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
            "B GET /b auth=Basic YWxpY2U6cHc= cookie=c=1 key=k agent",
        ],
    ),
    case(
        "-L --oauth2-bearer t /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a auth=Bearer t", "B GET /b"],
    ),
    case(
        "-L -H Authorization:_x /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a auth=x", "B GET /b"],
    ),
    case(
        "-L -H Cookie:_x=1 /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a cookie=x=1", "B GET /b"],
    ),
    unlike(
        "-L -H Proxy-Authorization:_x /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a proxy-auth=x", "B GET /b"],
        &["A GET /a proxy-auth=x", "B GET /b proxy-auth=x"],
    ),
    unlike(
        "-L -H Host:_own.test /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a host=own.test", "B GET /b"],
        &["A GET /a host=own.test", "B GET /b host=own.test"],
    ),
    case(
        "-L -H Host:_own.test /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A GET /a host=own.test", "A GET /b host=own.test"],
    ),
    case(
        "-L http://u:p@{A}/a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a auth=Basic dTpw", "B GET /b"],
    ),
    case(
        "-L http://u:p@{A}/a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A GET /a auth=Basic dTpw", "A GET /b auth=Basic dTpw"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: http://v:q@{B}/b"],
        "ok 200",
        &["A GET /a", "B GET /b auth=Basic djpx"],
        &["A GET /a", "B GET /b"],
    ),
    unlike(
        "-L -u alice:pw /a",
        &["A /a 302 | Location: http://v:q@{B}/b"],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc=",
            "B GET /b auth=Basic djpx",
        ],
        &["A GET /a auth=Basic YWxpY2U6cHc=", "B GET /b"],
    ),
    case(
        "-L -u alice:pw /a",
        &["A /a 302 | Location: http://v:q@{A}/b"],
        "ok 200",
        &[
            "A GET /a auth=Basic YWxpY2U6cHc=",
            "A GET /b auth=Basic YWxpY2U6cHc=",
        ],
    ),
    unlike(
        "-L /a",
        &[
            "A /a 302 | Location: http://v:q@{B}/b",
            "B /b 302 | Location: c",
        ],
        "ok 200",
        &[
            "A GET /a",
            "B GET /b auth=Basic djpx",
            "B GET /c auth=Basic djpx",
        ],
        &["A GET /a", "B GET /b", "B GET /c"],
    ),
    case(
        "-L -b  /a",
        &["A /a 302 | Location: http://{B}/b | Set-Cookie: s=1; Path=/"],
        "ok 200",
        &["A GET /a", "B GET /b cookie=s=1"],
    ),
    // The body stays home; curl sends it anywhere.
    unlike(
        "-L -d data /a",
        &["A /a 307 | Location: http://{B}/b"],
        "redirect_wants_body",
        &["A POST /a type=application/x-www-form-urlencoded body=data"],
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "B POST /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    unlike(
        "-L -d data /a",
        &["A /a 308 | Location: http://{B}/b"],
        "redirect_wants_body",
        &["A POST /a type=application/x-www-form-urlencoded body=data"],
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "B POST /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    unlike(
        "-L -X PUT -d data /a",
        &["A /a 301 | Location: http://{B}/b"],
        "redirect_wants_body",
        &["A PUT /a type=application/x-www-form-urlencoded body=data"],
        &[
            "A PUT /a type=application/x-www-form-urlencoded body=data",
            "B PUT /b",
        ],
    ),
    unlike(
        "-L -F f=v /a",
        &["A /a 308 | Location: http://{B}/b"],
        "redirect_wants_body",
        &["A POST /a type=multipart/form-data body=form"],
        &[
            "A POST /a type=multipart/form-data body=form",
            "B POST /b type=multipart/form-data body=form",
        ],
    ),
    case(
        "-L -d data /a",
        &["A /a 303 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "B GET /b",
        ],
    ),
    case(
        "-L -d  /a",
        &["A /a 307 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded",
            "B POST /b type=application/x-www-form-urlencoded",
        ],
    ),
    case(
        "--location-trusted -d data /a",
        &["A /a 307 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A POST /a type=application/x-www-form-urlencoded body=data",
            "B POST /b type=application/x-www-form-urlencoded body=data",
        ],
    ),
    // Referer: -e is the user's own; ';auto' names the URL that led there, to another origin its
    // origin alone. curl tells all of it.
    case(
        "-L -e http://r.test/ /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &[
            "A GET /a referer=http://r.test/",
            "A GET /b referer=http://r.test/",
        ],
    ),
    unlike(
        "-L -e http://r.test/ /a",
        &["A /a 302 | Location: http://{B}/b"],
        "ok 200",
        &["A GET /a referer=http://r.test/", "B GET /b"],
        &[
            "A GET /a referer=http://r.test/",
            "B GET /b referer=http://r.test/",
        ],
    ),
    case(
        "-L -e ;auto /a?t=1#f",
        &["A /a?t=1 302 | Location: /b"],
        "ok 200",
        &["A GET /a?t=1", "A GET /b referer=http://{A}/a?t=1"],
    ),
    unlike(
        "-L -e http://r.test/;auto /a?t=1",
        &["A /a?t=1 302 | Location: http://{B}/b"],
        "ok 200",
        &[
            "A GET /a?t=1 referer=http://r.test/",
            "B GET /b referer=http://{A}/",
        ],
        &[
            "A GET /a?t=1 referer=http://r.test/",
            "B GET /b referer=http://{A}/a?t=1",
        ],
    ),
    // How a Location is resolved: as browsers do it.
    case("-L /a", &["A /a 302 | Location:"], "ok 302", &["A GET /a"]),
    case(
        "-L /a",
        &["A /a 302 | Location:    "],
        "ok 302",
        &["A GET /a"],
    ),
    case("-L /a", &["A /a 302"], "ok 302", &["A GET /a"]),
    case(
        "-L /a",
        &["A /a 302 | Location: /b | Location: /c"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L /d/a?x=1",
        &["A /d/a?x=1 302 | Location: b"],
        "ok 200",
        &["A GET /d/a?x=1", "A GET /d/b"],
    ),
    case(
        "-L /d/a?x=1",
        &["A /d/a?x=1 302 | Location: ?q"],
        "ok 200",
        &["A GET /d/a?x=1", "A GET /d/a?q"],
    ),
    case(
        "-L /d/e/a",
        &["A /d/e/a 302 | Location: ../../../b/./c/../d"],
        "ok 200",
        &["A GET /d/e/a", "A GET /b/d"],
    ),
    unlike(
        "-L --max-redirs 1 /a",
        &["A /a 302 | Location: #f"],
        "too_many_redirects",
        &["A GET /a", "A GET /a"],
        &["A GET /a", "A GET /"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: //{B}/b"],
        "ok 200",
        &["A GET /a", "B GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: HTTP://{B}/b"],
        "ok 200",
        &["A GET /a", "B GET /b"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: http://{B}"],
        "ok 200",
        &["A GET /a", "B GET /"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: http://{B}?q"],
        "ok 200",
        &["A GET /a", "B GET /?q"],
    ),
    unlike(
        "-L /d/a",
        &["A /d/a 302 | Location: http:/{B}/b"],
        "ok 200",
        &["A GET /d/a", "A GET /{B}/b"],
        &["A GET /d/a", "B GET /b"],
    ),
    unlike(
        "-L /d/a",
        &["A /d/a 302 | Location: http:{B}/b"],
        "ok 200",
        &["A GET /d/a", "A GET /d/{B}/b"],
        &["A GET /d/a"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /\\{B}/b"],
        "ok 200",
        &["A GET /a", "B GET /b"],
        &["A GET /a", "A GET /\\{B}/b"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: \\\\{B}\\b"],
        "ok 200",
        &["A GET /a", "B GET /b"],
        &["A GET /a", "A GET /\\\\{B}\\b"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /b\\c"],
        "ok 200",
        &["A GET /a", "A GET /b/c"],
        &["A GET /a", "A GET /b\\c"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /b c?d e"],
        "ok 200",
        &["A GET /a", "A GET /b%20c?d%20e"],
        &["A GET /a", "A GET /b%20c?d+e"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /é"],
        "ok 200",
        &["A GET /a", "A GET /%C3%A9"],
        &["A GET /a", "A GET /%c3%a9"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /\\xe9"],
        "ok 200",
        &["A GET /a", "A GET /%C3%A9"],
        &["A GET /a", "A GET /%e9"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: /b%2fc%20d"],
        "ok 200",
        &["A GET /a", "A GET /b%2fc%20d"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: /b\tc"],
        "bad_redirect",
        &["A GET /a"],
        &["A GET /a"],
    ),
    unlike(
        "-L /a",
        &["A /a 302 | Location: http://127.0.0.1:0/b"],
        "bad_redirect",
        &["A GET /a"],
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: http://127.0.0.1:65536/b"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: gopher://{B}/b"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: file:///etc/passwd"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: javascript:alert(1)"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: data:,x"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: http://"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: http://[::1"],
        "bad_redirect",
        &["A GET /a"],
    ),
    case(
        "-L /a",
        &["A /a 302 | Location: mailto:a@b"],
        "bad_redirect",
        &["A GET /a"],
    ),
    // How many.
    case(
        "-L --max-redirs 0 /a",
        &["A /a 302 | Location: /b"],
        "too_many_redirects",
        &["A GET /a"],
    ),
    case(
        "-L --max-redirs 1 /a",
        &["A /a 302 | Location: /b"],
        "ok 200",
        &["A GET /a", "A GET /b"],
    ),
    case(
        "-L --max-redirs 2 /a",
        &["A /a 302 | Location: /b", "A /b 302 | Location: /a"],
        "too_many_redirects",
        &["A GET /a", "A GET /b", "A GET /a"],
    ),
    case(
        "-L --max-redirs -1 /a",
        &["A /a 302 | Location: /b", "A /b 302 | Location: /c"],
        "ok 200",
        &["A GET /a", "A GET /b", "A GET /c"],
    ),
];
