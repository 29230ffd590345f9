"""All that other slices may call of scenes and touches."""

from ringmain.scene.carriers import Poster, ndef_message, print_sheet, qr_png, qr_svg
from ringmain.scene.model import Scene, SceneKind, Touch, scene_url
from ringmain.scene.place import (
    NewScene,
    place_scenes,
    retire_scene,
    scene,
    scenes,
    search_scene,
    search_scene_id,
)
from ringmain.scene.store import LAKE_TABLES, at_shops
from ringmain.scene.store import page as list_scenes
from ringmain.scene.touch import NewTouch, find_scene, network_of_token, touch, touches

__all__ = [
    "LAKE_TABLES",
    "NewScene",
    "NewTouch",
    "Poster",
    "Scene",
    "SceneKind",
    "Touch",
    "at_shops",
    "find_scene",
    "list_scenes",
    "ndef_message",
    "network_of_token",
    "place_scenes",
    "print_sheet",
    "qr_png",
    "qr_svg",
    "retire_scene",
    "scene",
    "scene_url",
    "scenes",
    "search_scene",
    "search_scene_id",
    "touch",
    "touches",
]
