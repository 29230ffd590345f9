-- Plans may also say what comes first for whoever looks for something nearby.
ALTER TABLE service_plan DROP CONSTRAINT service_plan_scene_check;
ALTER TABLE service_plan ADD CONSTRAINT service_plan_scene_check
    CHECK (scene IN ('poster', 'nfc', 'link', 'screen', 'payment', 'share', 'search', 'message'));
