#!/bin/sh
# A browser, which draws pages of HTML for `make screenshots` (Testing/drawn.py). Does nothing if there is one.

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >/dev/null 2>&1
    apt-get -qq install -y --no-install-recommends chromium >/dev/null 2>&1
    command -v chromium >/dev/null && exit 0
fi
echo "There is no browser to draw pages with; on Debian: apt-get install chromium" >&2
exit 1
