import hashlib
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gan_tutorial.data import download

CONTENT = b"the right bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
_TAKEN = socket.socket()  # a port that is ours while these tests run, and on which nobody listens
_TAKEN.bind(("127.0.0.1", 0))
NOWHERE = f"http://127.0.0.1:{_TAKEN.getsockname()[1]}/"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    """Serve tmp_path/served over http; yields (address, folder)."""
    folder = tmp_path / "served"
    folder.mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/", folder
    http.shutdown()
    http.server_close()


def serve(folder, mirror, content):
    (folder / mirror).mkdir()
    (folder / mirror / "file.bin").write_bytes(content)


def obtain(mirrors=(NOWHERE,), **options):
    return download.obtain("Things", "file.bin", mirrors, SHA256, **options)


def test_mirrors_are_tried_in_turn_until_one_has_the_right_bytes(server):
    address, folder = server
    serve(folder, "wrong", b"an error page")
    serve(folder, "right", CONTENT)
    mirrors = [NOWHERE, address + "missing/", address + "wrong/", address + "right/"]
    path = obtain(mirrors, subfolders=["things"])
    assert path.read_bytes() == CONTENT
    assert path.parent == download.cache_folder() / "things"


def test_what_was_downloaded_is_not_downloaded_again(server):
    address, folder = server
    serve(folder, "right", CONTENT)
    first = obtain([address + "right/"])
    (folder / "right" / "file.bin").unlink()
    assert obtain([address + "right/"]) == first


def test_a_damaged_file_in_the_cache_is_replaced(server):
    address, folder = server
    serve(folder, "right", CONTENT)
    path = obtain([address + "right/"])
    path.write_bytes(b"damaged")
    assert obtain([address + "right/"]).read_bytes() == CONTENT


def test_when_every_mirror_fails_one_sentence_says_all_that_helps(server):
    address, folder = server
    serve(folder, "wrong", b"an error page")
    with pytest.raises(FileNotFoundError) as caught:
        obtain([NOWHERE, address + "missing/", address + "wrong/"])
    message = str(caught.value)
    assert message.startswith("Things is not on this machine, and file.bin could not be downloaded")
    for part in (NOWHERE, f"{address}missing/ (HTTP status 404)", "(its checksum is wrong)"):
        assert part in message
    assert message.endswith("in the environment variable GAN_TUTORIAL_DATA_DIR.")
    assert "\n" not in message
    assert not list(download.cache_folder().rglob("file*"))  # and nothing wrong is kept


def put(folder, *parts, content=b"mine"):
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_data_dir_comes_before_the_environment_and_that_before_the_cache(
    tmp_path, monkeypatch, server
):
    address, folder = server
    serve(folder, "right", CONTENT)
    cached = obtain([address + "right/"])
    assert obtain() == cached
    environment = put(tmp_path, "environment", "file.bin")
    monkeypatch.setenv("GAN_TUTORIAL_DATA_DIR", str(environment.parent))
    assert obtain() == environment
    argument = put(tmp_path, "argument", "file.bin")
    assert obtain(data_dir=argument.parent) == argument
    argument.unlink()
    assert obtain(data_dir=argument.parent) == environment


@pytest.mark.parametrize("place", [(), ("things",), ("Old", "things")])
@pytest.mark.parametrize("form", ["file.bin", "file"])
def test_files_are_found_in_subfolders_and_in_other_forms(tmp_path, place, form):
    path = put(tmp_path, *place, form)
    options = {"data_dir": tmp_path, "subfolders": ["things", "Old/things"], "also": ["file"]}
    assert obtain(**options) == path


def test_the_subfolder_of_the_data_set_comes_before_the_folder_itself(tmp_path):
    put(tmp_path, "file.bin")
    path = put(tmp_path, "things", "file.bin")
    assert obtain(data_dir=tmp_path, subfolders=["things"]) == path


def test_folders_that_do_not_exist_are_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"data_dir names no folder: .*missing"):
        obtain(data_dir=tmp_path / "missing")
    monkeypatch.setenv("GAN_TUTORIAL_DATA_DIR", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match=r"GAN_TUTORIAL_DATA_DIR names no folder: .*gone"):
        obtain()


def test_the_message_names_the_folders_that_were_looked_through(tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"\(looked in {tmp_path}\)"):
        obtain(data_dir=tmp_path)


def test_no_progress_bar_when_nobody_watches(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert download.show_progress()
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert not download.show_progress()
